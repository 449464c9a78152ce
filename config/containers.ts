import type { Role } from "./names";
import type { EnvironmentConfig } from "./schema";
import { TAILSCALE_LIMITS } from "./tailscale";

/** Bounds of a container's resources. */
export interface Limits {
  /** CPUs, 0.01 steps. */
  readonly cpus: number;
  /** Memory in MiB; there is no swap on top. */
  readonly memoryMebibytes: number;
}

/** One container that an environment consists of. */
export interface DeclaredContainer {
  readonly role: Role;
  /** Absent for the only one of its role. */
  readonly index?: number;
  readonly limits: Limits;
}

/** The gateway forwards bytes: this carries hundreds of sessions, whatever size the editors have. */
export const GATEWAY_LIMITS: Limits = { cpus: 0.5, memoryMebibytes: 128 };

/** Of each container; threads count. An editor at rest has about 60, a large language server some hundred. */
export const PROCESSES = 2048;

/** The limits of one editor. */
export function editorLimits({ resources }: Pick<EnvironmentConfig, "resources">): Limits {
  return { cpus: resources.cpus, memoryMebibytes: resources.memory };
}

/** Every container that an environment consists of: what its components make, and what capacity counts. */
export function declaredContainers(
  environment: Pick<EnvironmentConfig, "instances" | "resources" | "claude" | "tailscale">,
): DeclaredContainer[] {
  const { instances, claude, tailscale } = environment;
  const besideEachEditor = (role: Role) =>
    Array.from({ length: instances }, (_, position) => ({
      role,
      index: position + 1,
      limits: editorLimits(environment),
    }));
  return [
    { role: "gateway", limits: GATEWAY_LIMITS },
    ...besideEachEditor("code-server"),
    ...(claude.enabled ? besideEachEditor("claude") : []),
    ...(tailscale.enabled ? [{ role: "tailscale" as const, limits: TAILSCALE_LIMITS }] : []),
  ];
}

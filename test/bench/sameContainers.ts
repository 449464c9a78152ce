import { deepStrictEqual } from "node:assert";
import type Docker from "dockerode";

/**
 * What makes two containers the same work for the engine: everything that was asked for, nothing that
 * differs from start to start.
 */
export interface Shape {
  readonly [name: string]: unknown;
}

/** Compose adds these to what it starts. */
const COMPOSE_LABEL = /^com\.docker\.compose\./;

/**
 * The shape of a container, without its control group namespace, which Compose 1.29 cannot ask for.
 *
 * `mounted` are files that the other side puts in by another way.
 */
export function shapeOf(
  container: Docker.ContainerInspectInfo,
  mounted: readonly string[] = [],
): Shape {
  const { Config, HostConfig, Mounts, NetworkSettings } = container;
  const sorted = (list: readonly string[] | null | undefined) => [...(list ?? [])].sort();
  const capabilities = (list: string | readonly string[] | null | undefined) =>
    sorted(typeof list === "string" ? [list] : list).map((name) => name.replace(/^CAP_/, ""));
  return {
    name: container.Name,
    image: container.Image,
    hostname: Config.Hostname,
    user: Config.User,
    entrypoint: Config.Entrypoint ?? null,
    command: Config.Cmd ?? null,
    environment: sorted(Config.Env),
    labels: Object.entries(Config.Labels)
      .filter(([name]) => !COMPOSE_LABEL.test(name))
      .sort(),
    healthcheck: Config.Healthcheck,
    nanoCpus: HostConfig.NanoCpus,
    cpuShares: HostConfig.CpuShares,
    memory: HostConfig.Memory,
    memorySwap: HostConfig.MemorySwap,
    processes: HostConfig.PidsLimit,
    capabilitiesAdded: capabilities(HostConfig.CapAdd),
    capabilitiesDropped: capabilities(HostConfig.CapDrop),
    securityOptions: sorted(HostConfig.SecurityOpt),
    privileged: HostConfig.Privileged,
    ipc: HostConfig.IpcMode,
    log: HostConfig.LogConfig,
    restart: HostConfig.RestartPolicy?.Name,
    init: HostConfig.Init ?? false,
    tmpfs: HostConfig.Tmpfs ?? {},
    ports: HostConfig.PortBindings ?? {},
    mounts: Mounts.filter(({ Destination }) => !mounted.includes(Destination))
      .map(({ Type, Name, Destination, RW }) => `${Type} ${Name ?? ""} ${Destination} ${RW}`)
      .sort(),
    networks: Object.keys(NetworkSettings.Networks).sort(),
  };
}

/** Throws with the difference unless both sides run the same: a lighter peer would be no measure. */
export function requireSame(ours: readonly Shape[], theirs: readonly Shape[]): void {
  deepStrictEqual(theirs, ours, "the peer does not run the same containers");
}

import { dockerName } from "../config/names";
import type { EnvironmentConfig } from "../config/schema";
import { Failure } from "./failure";
import { claude } from "./services/claude";
import { codeServer } from "./services/codeServer";
import type { UpgradeService } from "./services/service";
import { tailscale } from "./services/tailscale";

export type { UpgradeService } from "./services/service";

/** What can be upgraded: whatever keeps data. One that is added here is upgraded like the others. */
export const SERVICES: readonly UpgradeService[] = [codeServer, claude, tailscale];

/** Throws a {@link Failure} that names those that there are. */
export function serviceOf(name: string): UpgradeService {
  const found = SERVICES.find((service) => service.name === name);
  if (found) return found;
  throw new Failure("usage", `There is no service ${JSON.stringify(name)} to upgrade.`, {
    fix: `the services are ${SERVICES.map((service) => service.name).join(", ")}`,
  });
}

/** One container of an environment that is upgraded by itself. */
export interface Unit {
  readonly service: UpgradeService;
  readonly instance: number;
}

/** All that an environment has. */
export function unitsOf(environment: EnvironmentConfig): Unit[] {
  return SERVICES.flatMap((service) =>
    service.numbers(environment).map((instance) => ({ service, instance })),
  );
}

/** Its name in folders and in maps: `code-server-1`. */
export function unitName({ service, instance }: Unit): string {
  return service.numbered ? `${service.name}-${instance}` : service.name;
}

/** The name of its container. */
export function unitContainer(stack: string, { service, instance }: Unit): string {
  return dockerName(stack, service.name, service.numbered ? instance : undefined);
}

/** The name of the volume with its data. */
export function unitVolume(stack: string, { service, instance }: Unit): string {
  return dockerName(stack, service.volumeRole, service.numbered ? instance : undefined);
}

/** `Editor 1`, at the beginning of a sentence. */
export function unitTitle({ service, instance }: Unit): string {
  const title = service.title(instance);
  return title.charAt(0).toUpperCase() + title.slice(1);
}

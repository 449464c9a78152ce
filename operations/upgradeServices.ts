import type { Part } from "../checks/supportTable";
import type { Role } from "../config/names";
import { Failure } from "./failure";

/** What can be upgraded: one entry for each kind of container with data of its own. */
export interface UpgradeService {
  readonly name: string;
  /** Its row of the support table. */
  readonly part: Part;
  readonly role: Role;
  /** Where `doom-coding:environment` says which version is built, and which image is taken instead. */
  readonly versionKey: string;
  readonly referenceKey: string;
}

export const SERVICES: readonly UpgradeService[] = [
  {
    name: "code-server",
    part: "code-server",
    role: "code-server",
    versionKey: "image.version",
    referenceKey: "image.reference",
  },
];

/** Throws a {@link Failure} that names those that there are. */
export function serviceOf(name: string): UpgradeService {
  const found = SERVICES.find((service) => service.name === name);
  if (found) return found;
  throw new Failure("usage", `There is no service ${JSON.stringify(name)} to upgrade.`, {
    fix: `the services are ${SERVICES.map((service) => service.name).join(", ")}`,
  });
}

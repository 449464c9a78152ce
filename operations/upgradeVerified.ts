import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { RecordedImage } from "../checks/upgradeRecord";
import { writeDurably } from "./durableFile";
import { errorCode, Failure } from "./failure";
import type { Project } from "./project";
import { type ContainerShape, upgradeFolder } from "./upgradeJournal";

/** What a stack was when all of it was last seen to be right: the state that an upgrade starts from. */
export interface Verified {
  readonly verified: 1;
  /** ISO 8601. */
  readonly at: string;
  /** The text of `Pulumi.<stack>.yaml`; its secrets are encrypted. */
  readonly stackFile: string;
  /** By the name of the unit: `code-server-1`. */
  readonly units: Readonly<Record<string, VerifiedUnit>>;
}

export interface VerifiedUnit {
  readonly image: RecordedImage;
  readonly shape: ContainerShape;
}

/** How it was written while only editors were upgraded. */
interface FirstForm {
  readonly editors?: Readonly<Record<number, VerifiedUnit>>;
}

const fileOf = (project: Project, stack: string) =>
  join(upgradeFolder(project, stack), "verified.json");

/** Undefined before the first time. Throws a {@link Failure} when it cannot be read. */
export function readVerified(project: Project, stack: string): Verified | undefined {
  const file = fileOf(project, stack);
  try {
    const found = JSON.parse(readFileSync(file, "utf8")) as Verified & FirstForm;
    const { editors = {}, ...rest } = found;
    const units = Object.entries(editors).map(([number, unit]) => [`code-server-${number}`, unit]);
    return { ...rest, units: { ...Object.fromEntries(units), ...rest.units } };
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    if (!(error instanceof SyntaxError)) throw error;
    throw new Failure("state", `${file} is damaged.`, { fix: `rm ${file}` });
  }
}

/** What one container was then; undefined when nobody has seen it right. */
export function lastVerified(
  project: Project,
  stack: string,
  unit: string,
): VerifiedUnit | undefined {
  return readVerified(project, stack)?.units[unit];
}

export function writeVerified(project: Project, stack: string, verified: Verified): void {
  writeDurably(fileOf(project, stack), `${JSON.stringify(verified, null, 2)}\n`);
}

import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type Docker from "dockerode";
import type { ManifestEnd } from "../checks/manifest";
import type { RecordedImage } from "../checks/upgradeRecord";
import type { EnvironmentConfig } from "../config/schema";
import { writeDurably } from "./durableFile";
import { errorCode, Failure } from "./failure";
import { ownLock } from "./locks";
import { findProject, type Project } from "./project";
import { unitName, unitsOf } from "./upgradeServices";

/**
 * How far the upgrade of one container is, on disk before each step: whoever comes after a killed run finishes
 * or undoes it.
 */

/**
 * Of an upgrade: `copying` and `rehearsing`, while the old version serves; `stopping`, when it does not any
 * more; `passed`, when everything is ready for the replacement, which the engine makes.
 *
 * Of a way back: `asked`, before anything has been done; `copying` what is there, `stopping`, `restoring`
 * what was, `passed`.
 *
 * `closed`: nothing is left to do.
 */
export type Stage =
  | "asked"
  | "copying"
  | "rehearsing"
  | "stopping"
  | "restoring"
  | "passed"
  | "closed";

/** What the container was, so that it can be started again and another one be rehearsed like it. */
export interface OldContainer {
  readonly id: string;
  readonly name: string;
  readonly running: boolean;
}

/** The settings of a container that a rehearsal takes over; none of them is a secret. */
export type ContainerShape = Pick<
  Docker.ContainerCreateOptions,
  "Env" | "Hostname" | "Healthcheck" | "HostConfig"
>;

export interface Journal {
  readonly journal: 1;
  readonly kind: "upgrade" | "rollback";
  /** 8 hexadecimal digits, part of the names of what it makes. */
  readonly id: string;
  readonly stage: Stage;
  /** A lock's text: whose run wrote this. */
  readonly owner: string;
  /** How many times the engine has been told to come back to it; see {@link attemptOf}. */
  readonly attempt: number;
  /** Undefined on a way back when nobody knows. */
  readonly from?: RecordedImage;
  readonly to: RecordedImage;
  /** The one that was there; undefined when it had been removed. */
  readonly container?: OldContainer;
  readonly shape?: ContainerShape;
  /** Others that use the same data: stopped for the last pass, and started again when it is over. */
  readonly others?: readonly string[];
  /** The volume with the data as it was when the container was stopped. */
  readonly copy: string;
  /** Of a way back: the volume to restore from, and the file with its manifest. */
  readonly restore?: { readonly volume: string; readonly manifestFile: string };
  /** Of a way back: the record of the upgrade that it takes back. */
  readonly takesBack?: string;
  /** What the data is when the replacement begins. */
  readonly manifest?: ManifestEnd;
  /** What has to be there afterwards, besides data; of an editor, `publisher.name@1.2.3`. */
  readonly extensions?: readonly string[];
  /** ISO 8601. */
  readonly startedAt: string;
  /** Milliseconds that the steps took, by name. */
  readonly timings: Readonly<Record<string, number>>;
  /** What came out of it in the end; with `closed`. */
  readonly outcome?: string;
  /** The stage that failed, when all was taken back. */
  readonly failedAt?: Stage;
}

/** Everything about the upgrades of a stack, beside Pulumi's own state. */
export function upgradeFolder(project: Project, stack: string): string {
  return join(project.stateFolder, "upgrades", stack);
}

/** What belongs to one journal: manifests. `unit` is the name of what is upgraded, such as `code-server-1`. */
export function journalFolder(project: Project, stack: string, unit: string): string {
  return join(upgradeFolder(project, stack), unit);
}

const fileOf = (project: Project, stack: string, unit: string) =>
  join(journalFolder(project, stack, unit), "journal.json");

/** The journal of a unit; undefined before its first upgrade. Throws a {@link Failure} for a damaged one. */
export function readJournal(project: Project, stack: string, unit: string): Journal | undefined {
  const file = fileOf(project, stack, unit);
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Journal;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    if (!(error instanceof SyntaxError)) throw error;
    throw new Failure("state", `${file}, the journal of an upgrade, is damaged.`, {
      fix: `see that ${unit} runs and has its data (npx doom status ${stack}), then remove the file`,
    });
  }
}

/** Writes it whole, with this process as its owner. */
export function writeJournal(
  project: Project,
  stack: string,
  unit: string,
  journal: Journal,
): void {
  const content = { ...journal, owner: JSON.stringify(ownLock()) };
  writeDurably(fileOf(project, stack, unit), `${JSON.stringify(content, null, 2)}\n`);
}

/** Whether something is left to do. */
export function isOpen(journal: Journal | undefined): journal is Journal {
  return journal !== undefined && journal.stage !== "closed";
}

/**
 * The number that the program gives to the gate of a unit, which runs again for another one.
 *
 * The engine runs a gate once for an image. When the run ended between the gate and what follows from it, the
 * gate has to look again: an open journal makes the number another one, until one has passed or set things
 * right.
 */
export function attemptOf(project: Project, stack: string, unit: string): number {
  const journal = readJournal(project, stack, unit);
  return (journal?.attempt ?? 0) + (isOpen(journal) ? 1 : 0);
}

/** That number for all that an environment has, by the name of the unit. */
export function upgradeAttempts(
  stack: string,
  environment: EnvironmentConfig,
): ReadonlyMap<string, number> {
  const project = findProject();
  const units = unitsOf(environment).map(unitName);
  return new Map(units.map((unit) => [unit, attemptOf(project, stack, unit)]));
}

/** Forgets everything about the upgrades of a stack, because its data is gone. */
export function forgetUpgrades(project: Project, stack: string): void {
  rmSync(upgradeFolder(project, stack), { recursive: true, force: true });
}

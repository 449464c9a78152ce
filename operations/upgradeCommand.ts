import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeDurably } from "./durableFile";
import { errorCode, Failure } from "./failure";
import { judgeLockText, ownLock } from "./locks";
import type { Project } from "./project";
import { upgradeFolder } from "./upgradeJournal";

/**
 * What `doom upgrade` and `doom rollback` keep on disk while they work on a stack: a lock, and how far they are,
 * so that the next one finishes or takes back what a killed one has begun.
 */

/** `updating`: until the engine is through; `watching` the new version; `returning` to what was. */
export type CommandStage = "updating" | "watching" | "returning";

export interface UpgradeCommand {
  readonly command: 1;
  readonly kind: "upgrade" | "rollback";
  /** What is upgraded, or goes back: `code-server`. */
  readonly service: string;
  readonly stage: CommandStage;
  /** What it goes to, as it was asked for. */
  readonly target: string;
  /** The text of the stack's file at the beginning. */
  readonly stackFileBefore: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** The record that says what to return to, or what is watched. */
  readonly record?: string;
  /** Why it returns. */
  readonly because?: string;
}

const commandFile = (project: Project, stack: string) =>
  join(upgradeFolder(project, stack), "command.json");

/** What a killed command has left; undefined when nothing is under way. */
export function readCommand(project: Project, stack: string): UpgradeCommand | undefined {
  const found = readJson<UpgradeCommand>(commandFile(project, stack));
  // Those from before there were other services do not name theirs.
  return found && { ...found, service: found.service ?? "code-server" };
}

export function writeCommand(project: Project, stack: string, command: UpgradeCommand): void {
  writeDurably(commandFile(project, stack), `${JSON.stringify(command, null, 2)}\n`);
}

/** The command is through. */
export function endCommand(project: Project, stack: string): void {
  rmSync(commandFile(project, stack), { force: true });
}

/** Does `work` while no other upgrade or rollback of the stack takes place. Throws a {@link Failure}. */
export async function withUpgradeLock<T>(
  project: Project,
  stack: string,
  work: () => Promise<T>,
): Promise<T> {
  const file = join(upgradeFolder(project, stack), "lock");
  mkdirSync(upgradeFolder(project, stack), { recursive: true, mode: 0o700 });
  const held = readText(file);
  if (held !== undefined) {
    const { kind, reason } = judgeLockText(held);
    if (kind !== "stale") {
      throw new Failure("locked", `Another upgrade or rollback works on ${stack}: ${reason}.`, {
        fix: `wait until it ends; when you know that it died, remove ${file}`,
      });
    }
    rmSync(file, { force: true });
  }
  try {
    writeFileSync(file, JSON.stringify(ownLock()), { flag: "wx", mode: 0o600 });
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
    throw new Failure("locked", `Another upgrade of ${stack} has begun at this moment.`);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

/** Versions and images that failed, with why; they are not tried again by themselves. */
export type Held = Readonly<Record<string, { readonly at: string; readonly because: string }>>;

const heldFile = (project: Project, stack: string) =>
  join(upgradeFolder(project, stack), "held.json");

export function readHeld(project: Project, stack: string): Held {
  return readJson<Held>(heldFile(project, stack)) ?? {};
}

/** Holds a version or an image. */
export function hold(project: Project, stack: string, target: string, because: string): void {
  const held = { ...readHeld(project, stack), [target]: { at: new Date().toISOString(), because } };
  writeDurably(heldFile(project, stack), `${JSON.stringify(held, null, 2)}\n`);
}

/** It is good after all. */
export function release(project: Project, stack: string, target: string): void {
  const { [target]: found, ...others } = readHeld(project, stack);
  if (found === undefined) return;
  writeDurably(heldFile(project, stack), `${JSON.stringify(others, null, 2)}\n`);
}

function readJson<T>(file: string): T | undefined {
  const text = readText(file);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as T;
  } catch {
    // The parser's message would quote the content.
    throw new Failure("state", `${file} is damaged.`, {
      fix: "look at it, restore it from a backup of the state folder, or remove it",
    });
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

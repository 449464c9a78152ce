import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { judgeLock, type LockJudgement, type ProcessFacts, parseLock } from "../checks/lock";
import { errorCode, Failure } from "./failure";
import type { Project } from "./project";
import { lockFolder } from "./stateFiles";

/** The locks of Pulumi's file backend: who holds a stack, and clearing what a dead run left. */

/** A lock file and what it means. */
export interface FoundLock {
  readonly path: string;
  readonly judgement: LockJudgement;
}

/** Finds and judges every lock of `stack`. */
export function findLocks(project: Project, stack: string): FoundLock[] {
  const folder = lockFolder(project, stack);
  return listFiles(folder).flatMap((name) => {
    const path = join(folder, name);
    const text = readIfThere(path);
    if (text === undefined) return [];
    return [{ path, judgement: judgeLockText(text) }];
  });
}

function listFiles(folder: string): string[] {
  try {
    // The backend puts a `.attrs` file beside each; only the lock itself counts for it, too.
    return readdirSync(folder).filter((name) => name.endsWith(".json"));
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}

/** A run that ends between listing and reading takes its lock and its entry in /proc with it. */
function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ESRCH") return undefined;
    throw error;
  }
}

/** What a lock that this process takes now says. */
export function ownLock() {
  const [user, host] = [userInfo().username, hostname()];
  return { pid: process.pid, username: user, hostname: host, timestamp: new Date().toISOString() };
}

/** Judges the text of a lock, here and now. */
export function judgeLockText(text: string): LockJudgement {
  const lock = parseLock(text);
  const process = lock?.hostname === hostname() ? processFacts(lock.pid) : undefined;
  return judgeLock(lock, { hostname: hostname(), process }, Date.now());
}

/** Throws a {@link Failure} when a run that may be alive holds `stack`; changes nothing. */
export function refuseHeld(project: Project, stack: string): void {
  const held = findLocks(project, stack).find(({ judgement }) => judgement.kind !== "stale");
  if (held) throw lockedFailure(stack, held);
}

/**
 * Does `work`; when it fails while another run holds `stack`, that is the reason to give.
 *
 * What the other one is making looks like an obstacle: its container, its port, its network.
 */
export async function blamingOtherRuns<T>(
  project: Project,
  stack: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    refuseHeld(project, stack);
    throw error;
  }
}

/**
 * Clears the locks of dead runs and gives a sentence for each.
 *
 * Each is removed by its own random name instead of `pulumi cancel`, which removes whatever lock
 * it finds: a run that began a moment ago would lose its own. Throws a {@link Failure} for every
 * other lock, and clears nothing then.
 */
export function clearStaleLocks(project: Project, stack: string): string[] {
  refuseHeld(project, stack);
  return findLocks(project, stack)
    .filter(({ judgement }) => judgement.kind === "stale")
    .map(({ path, judgement }) => {
      removeLock(path);
      return `cleared the lock of an interrupted run: ${judgement.reason}`;
    });
}

function removeLock(path: string): void {
  rmSync(path, { force: true });
  rmSync(`${path}.attrs`, { force: true });
}

function lockedFailure(stack: string, { path, judgement }: FoundLock): Failure {
  switch (judgement.kind) {
    case "live":
      return new Failure("locked", `Another run holds ${stack}: ${judgement.reason}.`, {
        fix: `wait until it ends, or stop it cleanly: kill -INT ${judgement.pid}`,
      });
    case "foreign":
      return new Failure("locked", `Another host's run holds ${stack}: ${judgement.reason}.`, {
        fix: `wait until it ends; when you know that it died, run \`npx pulumi cancel ${stack}\` by hand`,
      });
    default:
      return new Failure("locked", `A lock of ${stack} is damaged: ${judgement.reason}.`, {
        problems: [`${path}, written ${statSync(path).mtime.toISOString()}`],
        fix: `when no other run of ${stack} is active (pgrep -a pulumi), remove it: rm ${path}`,
      });
  }
}

/**
 * Runs `work` while holding the lock of `stack`, so that no `up` takes place meanwhile.
 *
 * Follows the engine's own protocol: write a lock, then look whether there is another one. Two
 * that meet may both be refused, but never both be let in.
 */
export async function withLock<T>(
  project: Project,
  stack: string,
  work: () => Promise<T>,
): Promise<T> {
  const folder = lockFolder(project, stack);
  const path = join(folder, `${randomUUID()}.json`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(path, JSON.stringify(ownLock()), { flag: "wx", mode: 0o600 });
  try {
    const other = findLocks(project, stack).find((found) => found.path !== path);
    if (other) throw lockedFailure(stack, other);
    return await work();
  } finally {
    removeLock(path);
  }
}

/** Clock ticks per second in /proc; USER_HZ is 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** What is known of a process; undefined when it does not run (a zombie does not). */
function processFacts(pid: number): ProcessFacts | undefined {
  const status = readIfThere(`/proc/${pid}/stat`);
  if (status === undefined) return isAlive(pid) ? {} : undefined;
  // The command stands in parentheses and may hold any character; fields are counted after it.
  const command = status.slice(status.indexOf("(") + 1, status.lastIndexOf(")"));
  const fields = status.slice(status.lastIndexOf(")") + 2).split(" ");
  if (fields[0] === "Z" || fields[0] === "X") return undefined;
  const bootTime = /^btime (\d+)$/m.exec(readFileSync("/proc/stat", "utf8"))?.[1];
  const startedAt = (Number(bootTime) + Number(fields[19]) / TICKS_PER_SECOND) * 1000;
  return Number.isFinite(startedAt) ? { command, startedAt } : { command };
}

/** Whether there is such a process: signal 0 only asks, and a refusal means yes. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === "EPERM";
  }
}

/**
 * What a lock of Pulumi's file backend says, and what may be done about it.
 *
 * The backend writes one JSON file per run, named after a random id, and deletes it at the end
 * (pkg/backend/diy/lock.go). A killed run leaves its file behind and blocks every later run.
 */

/** The content of a lock file. */
export interface Lock {
  readonly pid: number;
  readonly username: string;
  readonly hostname: string;
  /** When the run began, milliseconds since 1970. */
  readonly since: number;
}

/** What is known about the process that a lock names. */
export interface ProcessFacts {
  /** When the process began, milliseconds since 1970; undefined where the system does not say. */
  readonly startedAt?: number;
  /** The program's name, for the message. */
  readonly command?: string;
}

export type LockJudgement =
  | { readonly kind: "stale"; readonly reason: string }
  | { readonly kind: "live"; readonly reason: string; readonly pid: number }
  | { readonly kind: "foreign"; readonly reason: string }
  | { readonly kind: "damaged"; readonly reason: string };

/**
 * The kernel counts a process's start in ticks since a boot time that it gives in whole seconds,
 * and the clock may be stepped between the two readings.
 */
const START_TOLERANCE_MS = 5_000;

/** Parses a lock file; undefined when it is not one (zero bytes, cut off, other content). */
export function parseLock(text: string): Lock | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Not JSON is one of the answers this function exists to give.
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { pid, username, hostname, timestamp } = value as Record<string, unknown>;
  const since = typeof timestamp === "string" ? Date.parse(timestamp) : Number.NaN;
  if (typeof pid !== "number" || !Number.isInteger(pid) || pid <= 0) return undefined;
  if (typeof hostname !== "string" || typeof username !== "string") return undefined;
  if (Number.isNaN(since)) return undefined;
  return { pid, username, hostname, since };
}

/** A length of time in words: `42 s`, `7 min`, `3 h 5 min`, `2 d 4 h`. Milliseconds in. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/**
 * Decides about one lock: only that of a dead process of this very host is `stale`.
 *
 * `process` is undefined when no process has the lock's pid (or only its remains, a zombie).
 */
export function judgeLock(
  lock: Lock | undefined,
  here: { readonly hostname: string; readonly process: ProcessFacts | undefined },
  now: number,
): LockJudgement {
  if (!lock) return { kind: "damaged", reason: "it is empty or cut off, so it names no process" };
  const age = formatDuration(now - lock.since);
  const who = `pid ${lock.pid} of ${lock.username}@${lock.hostname}`;
  if (lock.hostname !== here.hostname) {
    return {
      kind: "foreign",
      reason: `held for ${age} by ${who}, another host (this one is ${here.hostname}), where it cannot be checked from here`,
    };
  }
  if (!here.process) {
    return { kind: "stale", reason: `${who}, which began ${age} ago, is no longer running` };
  }
  const { startedAt, command } = here.process;
  if (startedAt !== undefined && startedAt > lock.since + START_TOLERANCE_MS) {
    return {
      kind: "stale",
      reason: `${who} is gone; its number now belongs to ${command ?? "another process"}, started later`,
    };
  }
  const name = command ? ` (${command})` : "";
  return { kind: "live", pid: lock.pid, reason: `${who}${name} has been running for ${age}` };
}

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { errorCode } from "./failure";
import { judgeLockText, ownLock } from "./locks";

const POLL_MS = 300;

/**
 * Does `work` when no other process does the work of the same file: one after the other.
 *
 * What a killed process left is taken away. `signal` ends the wait, with its reason.
 */
export async function takeTurn<T>(
  file: string,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  while (!take(file)) {
    signal?.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

/** Whether it is ours now. */
function take(file: string): boolean {
  try {
    writeFileSync(file, JSON.stringify(ownLock()), { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
  }
  if (isLeft(file)) rmSync(file, { force: true });
  return false;
}

function isLeft(file: string): boolean {
  try {
    // One that is being written is empty for a moment, which is no proof of a dead process.
    return judgeLockText(readFileSync(file, "utf8")).kind === "stale";
  } catch (error) {
    if (errorCode(error) === "ENOENT") return false;
    throw error;
  }
}

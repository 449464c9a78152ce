import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";

/** How long a child has to end by itself after SIGTERM, in seconds. */
const GRACE_SECONDS = 3;

/**
 * Reads from the host for as long as the child runs. A line means that the child has ended; the end
 * of input without one means that the host was killed, and then nobody else would end the child.
 */
const GUARD = `read -r line || { kill -TERM "$1" && sleep ${GRACE_SECONDS} && kill -KILL "$1"; }`;

/** How a child ended: exactly one of the two is set. */
export interface ChildEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** The processes that this host started, none of which may outlive it. */
export class Children {
  readonly #running = new Map<ChildProcess, Promise<void>>();

  /** Starts a process; a failure to start shows as the child's `error` event. */
  start(command: string, args: readonly string[], options: SpawnOptions): ChildProcess {
    const child = spawn(command, [...args], options);
    const release = guard(child);
    const ended = new Promise<void>((resolve) => {
      child.once("exit", () => resolve());
      child.once("error", () => resolve());
    });
    this.#running.set(child, ended);
    void ended.then(() => {
      this.#running.delete(child);
      release();
    });
    return child;
  }

  /** Ends one child: SIGTERM, and SIGKILL after the grace period. */
  async stop(child: ChildProcess): Promise<void> {
    const ended = this.#running.get(child);
    if (ended === undefined) return;
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), GRACE_SECONDS * 1000);
    await ended;
    clearTimeout(timer);
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((child) => this.stop(child)));
  }
}

/**
 * Ties a child to the life of this process, also for an end by SIGKILL.
 * @returns what to call when the child has ended
 */
function guard(child: ChildProcess): () => void {
  if (child.pid === undefined) return () => undefined;
  const process = spawn("/bin/sh", ["-c", GUARD, "guard", String(child.pid)], {
    stdio: ["pipe", "ignore", "ignore"],
    // A group of its own: the engine kills the host's group as a whole.
    detached: true,
  });
  process.unref();
  // Without a guard the child only loses this protection; it still ends with an orderly host.
  process.on("error", () => undefined);
  process.stdin?.on("error", () => undefined);
  return () => process.stdin?.end("\n");
}

/**
 * Waits for a child and the end of its output.
 * @throws Error when the child could not start
 */
export function waitForEnd(child: ChildProcess): Promise<ChildEnd> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
}

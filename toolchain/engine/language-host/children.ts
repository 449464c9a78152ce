import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";

/** How long a child has to end by itself after SIGTERM, in milliseconds. */
const GRACE_MS = 3000;

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
    const ended = new Promise<void>((resolve) => {
      child.once("exit", () => resolve());
      child.once("error", () => resolve());
    });
    this.#running.set(child, ended);
    void ended.then(() => this.#running.delete(child));
    return child;
  }

  /** Ends one child: SIGTERM, and SIGKILL after the grace period. */
  async stop(child: ChildProcess): Promise<void> {
    const ended = this.#running.get(child);
    if (ended === undefined) return;
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), GRACE_MS);
    await ended;
    clearTimeout(timer);
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((child) => this.stop(child)));
  }
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

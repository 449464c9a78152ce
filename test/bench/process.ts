import { spawn } from "node:child_process";
import { performance } from "node:perf_hooks";

export interface Call {
  readonly command: string;
  readonly arguments: readonly string[];
  /** Working directory. */
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Ends the process when the benchmark is interrupted. */
  readonly signal?: AbortSignal;
}

export interface Finished {
  /** From the start of the process to its end and that of its output. */
  readonly milliseconds: number;
  readonly stdout: string;
}

/** Far above any figure here: it ends a run that hangs, it does not judge one. */
const TIMEOUT_MS = 600_000;
/** Pulumi lists the outputs of a stack below what went wrong. */
const SHOWN_LINES = 60;

/**
 * Runs a command to its end and times it.
 *
 * Throws unless it ends with 0, with the command and the last lines of its output: a contestant that
 * failed early would otherwise win.
 */
export function timeProcess(call: Call): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const since = performance.now();
    const child = spawn(call.command, call.arguments, {
      cwd: call.folder,
      env: call.environment,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: TIMEOUT_MS,
      ...(call.signal === undefined ? {} : { signal: call.signal }),
    });
    const stdout: Buffer[] = [];
    const everything: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => {
      stdout.push(chunk);
      everything.push(chunk);
    });
    child.stderr.on("data", (chunk: Buffer) => everything.push(chunk));
    // An abort says why; Node's own error for it does not.
    child.on("error", (error) => reject(call.signal?.aborted ? call.signal.reason : error));
    child.on("close", (code, signal) => {
      const milliseconds = performance.now() - since;
      if (code === 0) {
        resolve({ milliseconds, stdout: Buffer.concat(stdout).toString() });
        return;
      }
      const lines = Buffer.concat(everything).toString().trimEnd().split("\n");
      const ended = signal === null ? `ended with ${code}` : `was ended by ${signal}`;
      const shown = lines.slice(-SHOWN_LINES).map((line) => `  | ${line}`);
      reject(
        new Error([`${call.command} ${call.arguments.join(" ")} ${ended}`, ...shown].join("\n")),
      );
    });
  });
}

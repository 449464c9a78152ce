// @ts-check
import { execFile, spawn } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import { identifyProcess } from "./processes.mjs";

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env] The whole environment; default: this process's own.
 * @property {number} [timeoutSeconds] default one hour, so that nothing waits for ever
 * @property {boolean} [finish] Let it finish when the set-up is interrupted (package managers).
 *
 * @typedef {(command: string, args: readonly string[], options?: RunOptions) => Promise<void>} Run
 *
 * @typedef {object} RunnerParts
 * @property {{fd: number, write: (line: string) => void, mark: () => number,
 *   excerptSince: (mark: number) => string[]}} log
 * @property {() => import("./lock.mjs").Lock | undefined} lock The lock under which it runs, if any.
 * @property {AbortSignal} signal
 */

const GUARD = fileURLToPath(new URL("guard.mjs", import.meta.url));

/** A command of the set-up that ended badly; holds an excerpt of what it printed. */
export class CommandFailed extends Error {
  /**
   * @param {string} command
   * @param {string} outcome
   * @param {string[]} output
   */
  constructor(command, outcome, output) {
    super(`\`${command}\` ${outcome}`);
    this.name = "CommandFailed";
    this.output = output;
  }
}

/**
 * Makes the function that runs the set-up's long commands: all their output goes straight to the
 * log file (nothing is lost when the set-up is killed), and they end with the set-up.
 * @param {RunnerParts} parts
 * @returns {Run} rejects with CommandFailed
 */
export function createRunner({ log, lock, signal }) {
  return async (command, args, options = {}) => {
    signal.throwIfAborted();
    const shown = [command, ...args].join(" ");
    log.write(`$ ${shown}`);
    const mark = log.mark();
    const guard = spawn(
      process.execPath,
      [GUARD, options.finish ? "finish" : "end", command, ...args],
      {
        stdio: ["pipe", log.fd, log.fd],
        detached: true,
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
        ...(options.env === undefined ? {} : { env: options.env }),
      },
    );
    const outcome = await follow(guard, { lock: lock(), signal, options });
    signal.throwIfAborted();
    if (outcome) throw new CommandFailed(shown, outcome, log.excerptSince(mark));
  };
}

/**
 * @param {import("node:child_process").ChildProcess} guard
 * @param {{lock: import("./lock.mjs").Lock | undefined, signal: AbortSignal, options: RunOptions}} parts
 * @returns {Promise<string | undefined>} what went wrong, if anything
 */
async function follow(guard, { lock, signal, options }) {
  const limit = options.timeoutSeconds ?? 3600;
  let timedOut = false;
  const stop = () => guard.stdin?.write("x");
  const interrupt = () => (options.finish ? guard.unref() : stop());
  /** @type {Promise<string | undefined>} */
  const ended = new Promise((resolve) => {
    guard.on("error", (error) => resolve(`could not be started: ${error.message}`));
    guard.on("exit", (code, by) => {
      resolve(code === 0 ? undefined : by ? `was ended by ${by}` : `ended with code ${code}`);
    });
    // An interrupted set-up does not wait for a command that may finish alone.
    if (options.finish)
      signal.addEventListener("abort", () => resolve("goes on alone"), { once: true });
  });
  // The guard may end before a byte to it is read; its exit code tells all there is to know.
  guard.stdin?.on("error", () => undefined);
  const timer = setTimeout(() => {
    timedOut = true;
    stop();
  }, limit * 1000);
  signal.addEventListener("abort", interrupt, { once: true });
  const identity = identifyProcess(guard.pid ?? 0);
  try {
    if (guard.pid !== undefined) await lock?.addGuard(identity);
    guard.stdin?.write("g");
    const outcome = await ended;
    return timedOut ? `did not end within ${limit} s` : outcome;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", interrupt);
    if (guard.pid !== undefined && !signal.aborted) await lock?.removeGuard(identity);
  }
}

/**
 * Runs a short command and gives what it prints; for looking, not for changing anything.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{env?: NodeJS.ProcessEnv, cwd?: string, timeoutSeconds?: number}} [options] default 20 s
 * @returns {Promise<{ok: boolean, stdout: string, message: string}>} `message`: why it is not ok
 */
export function capture(command, args, { env = process.env, cwd, timeoutSeconds = 20 } = {}) {
  const options = {
    env,
    cwd,
    timeout: timeoutSeconds * 1000,
    killSignal: /** @type {const} */ ("SIGKILL"),
    maxBuffer: 16 * 1024 * 1024,
  };
  return new Promise((resolve) => {
    execFile(command, [...args], { ...options, encoding: "utf8" }, (error, stdout, stderr) => {
      if (!error) return resolve({ ok: true, stdout, message: "" });
      const reason = error.killed ? `no answer within ${timeoutSeconds} s` : error.message;
      const lastLine = stderr.trim().split("\n").at(-1);
      resolve({ ok: false, stdout, message: lastLine || reason });
    });
  });
}

/**
 * Finds a command as the shell would, without starting anything.
 * @param {string} name
 * @param {NodeJS.ProcessEnv} [env]
 * @param {(folder: string) => boolean} [skip] folders to pass over
 * @returns {string | undefined} its path
 */
export function findOnPath(name, env = process.env, skip = () => false) {
  for (const folder of (env.PATH ?? "").split(delimiter)) {
    if (!isAbsolute(folder) || skip(folder)) continue;
    const file = join(folder, name);
    if (isExecutable(file)) return file;
  }
  return undefined;
}

/**
 * @param {string} file
 * @returns {boolean}
 */
export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

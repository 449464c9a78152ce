// @ts-check
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { join, relative } from "node:path";
import { createRunner } from "./command.mjs";
import { createContext, lockFiles } from "./context.mjs";
import { createProgress, formatElapsed } from "./progress.mjs";
import { PURPOSES } from "./purposes.mjs";
import { SetupLog } from "./setupLog.mjs";
import { runSteps, StepFailed } from "./stepRunner.mjs";

/**
 * Exit codes: 0 everything is there, 1 a step failed, 2 wrong usage, 128 + n ended by signal n.
 * @typedef {{purpose: keyof typeof PURPOSES, refresh: boolean}} Arguments
 */

const USAGE = `usage: node toolchain/setup.mjs ${Object.keys(PURPOSES).join("|")} [--refresh]

  --refresh  ask download hosts that refused lately again: official parts replace built ones
`;

/**
 * @param {readonly string[]} words
 * @returns {Arguments | undefined}
 */
export function parseArguments(words) {
  const [purpose, ...others] = words.filter((word) => word !== "--refresh");
  if (purpose === undefined || others.length > 0 || !Object.hasOwn(PURPOSES, purpose))
    return undefined;
  return {
    purpose: /** @type {keyof typeof PURPOSES} */ (purpose),
    refresh: words.includes("--refresh"),
  };
}

/** @param {readonly string[]} words */
export async function main(words) {
  const given = parseArguments(words);
  if (!given) {
    process.stderr.write(USAGE);
    process.exitCode = 2;
    return;
  }
  const since = performance.now();
  const context = createContext({ refresh: given.refresh });
  const log = new SetupLog(join(context.projectFolder, "reports", "setup.log"));
  const { signal, received } = abortOnSignals();
  try {
    const ran = await runSteps(PURPOSES[given.purpose], wire({ ...context, signal }, log));
    const elapsed = formatElapsed((performance.now() - since) / 1000);
    const done = ran.length > 0 ? `made ready: ${ran.join(", ")}` : "everything is in place";
    process.stdout.write(`set-up for ${given.purpose}: ${done} (${elapsed})\n`);
  } catch (error) {
    process.exitCode = report(error, received(), relative(process.cwd(), log.file));
  } finally {
    log.close();
  }
  // A package manager that finishes alone must not keep this process.
  process.exit();
}

/**
 * @param {import("./step.mjs").Context} context
 * @param {SetupLog} log
 * @returns {import("./stepRunner.mjs").RunnerOptions}
 */
function wire(context, log) {
  const progress = createProgress({
    stream: process.stdout,
    isTerminal: process.stdout.isTTY === true && process.env.TERM !== "dumb",
    columns: process.stdout.columns ?? 80,
  });
  /** @type {import("./lock.mjs").Lock | undefined} */
  let held;
  return {
    progress,
    lockFiles: lockFiles(context.projectFolder, context.pulumiHome),
    log: (line) => log.write(line),
    onLock: (lock) => {
      held = lock;
    },
    context: {
      ...context,
      run: createRunner({ log, lock: () => held, signal: context.signal }),
      detail: (text) => {
        log.write(text);
        progress.detail(text);
      },
      note: (line) => {
        log.write(line);
        progress.note(line);
      },
    },
  };
}

/** Interrupted, the running command is ended and the lock given back before this process goes. */
function abortOnSignals() {
  const controller = new AbortController();
  /** @type {NodeJS.Signals | undefined} */
  let first;
  for (const name of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
    process.on(name, () => {
      first ??= name;
      controller.abort(new Error(`interrupted by ${name}`));
    });
  }
  return { signal: controller.signal, received: () => first };
}

/**
 * @param {unknown} error
 * @param {NodeJS.Signals | undefined} signalName
 * @param {string} logFile
 * @returns {number} the exit code
 */
function report(error, signalName, logFile) {
  if (signalName) {
    process.stderr.write(`\nset-up interrupted by ${signalName}; run the same command to go on\n`);
    return 128 + constants.signals[signalName];
  }
  if (!(error instanceof StepFailed)) throw error;
  const lines = error.output.map((line) => `  | ${line}\n`).join("");
  const log = existsSync(logFile) ? `full log: ${logFile}\n` : "";
  process.stderr.write(`\nset-up: ${error.message}\n${lines}what to do: ${error.advice}\n${log}`);
  return 1;
}

// @ts-check
import { CommandFailed } from "./command.mjs";
import { findShortage } from "./diskSpace.mjs";
import { acquireLock } from "./lock.mjs";
import { formatElapsed } from "./progress.mjs";
import { firstMissing, isDone, look, SetupError } from "./step.mjs";

/**
 * @typedef {import("./step.mjs").Step} Step
 * @typedef {import("./step.mjs").Context} Context
 *
 * @typedef {object} RunnerOptions
 * @property {Context} context
 * @property {import("./progress.mjs").Progress} progress
 * @property {Record<Step["scope"], string>} lockFiles
 * @property {(lock: import("./lock.mjs").Lock | undefined) => void} onLock Told which lock is held.
 * @property {(line: string) => void} log
 */

/** A step that failed: what, why, the last lines of its output and what to do. */
export class StepFailed extends Error {
  /**
   * @param {Step} step
   * @param {unknown} cause
   * @param {number} seconds
   */
  constructor(step, cause, seconds) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`step "${step.name}" failed after ${formatElapsed(seconds)}: ${reason}`, { cause });
    this.name = "StepFailed";
    this.step = step;
    /** @type {string[]} */
    this.output = [];
    const advice = cause instanceof SetupError ? cause.advice : adviseOnSystemError(cause);
    this.advice =
      advice ??
      "see the lines above and the log, then run the same command again: it goes on from here";
    if (cause instanceof CommandFailed) this.output = cause.output;
    // An error nobody foresaw: its place is what a report about it needs.
    else if (advice === undefined && cause instanceof Error) {
      this.output = cause.stack?.split("\n") ?? [];
    }
  }
}

/**
 * @param {unknown} error
 * @returns {string | undefined} for errors of the file system that the user can do something about
 */
function adviseOnSystemError(error) {
  const { code, path } = /** @type {NodeJS.ErrnoException} */ (error);
  const place = path ?? "what the message names";
  switch (code) {
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return `let this user write to ${place}, or run as the user to whom it belongs`;
    case "ENOSPC":
    case "EDQUOT":
      return `free some disk space for ${place}, then run the same command again`;
    case "ENOTDIR":
      return `see that ${place} and every folder above it is one`;
    default:
      return undefined;
  }
}

/**
 * Runs what is not done yet, in order. When everything is done already it only looks, takes no
 * lock and writes nothing.
 * @param {readonly Step[]} steps
 * @param {RunnerOptions} options
 * @returns {Promise<string[]>} the names of the steps that had something to do
 * @throws {StepFailed}
 */
export async function runSteps(steps, options) {
  const looks = await Promise.all(steps.map((step) => look(step, options.context)));
  if (looks.every(isDone)) return [];
  /** @type {string[]} */
  const ran = [];
  for (const [index, step] of steps.entries()) {
    // Again once a step has run: it may have brought or changed what this one looks at.
    const parts = ran.length === 0 ? looks[index] : await look(step, options.context);
    if (parts && isDone(parts)) continue;
    const since = performance.now();
    try {
      if (await runStep(step, options)) ran.push(step.name);
    } catch (error) {
      options.progress.finish("failed");
      throw new StepFailed(step, error, (performance.now() - since) / 1000);
    }
  }
  return ran;
}

/**
 * @param {Step} step
 * @param {RunnerOptions} options
 * @returns {Promise<boolean>} false when another set-up had done it while this one waited
 */
async function runStep(step, { context, progress, lockFiles, onLock, log }) {
  progress.start(step.title);
  log(`step ${step.name}`);
  const lock = await acquireLock(lockFiles[step.scope], {
    purpose: context.projectFolder,
    signal: context.signal,
    onWait: (message) => {
      log(message);
      progress.note(`${step.title}: ${message}`);
    },
  });
  onLock(lock);
  try {
    if (isDone(await look(step, context))) {
      progress.finish("done by another set-up");
      return false;
    }
    const shortage = await findShortage(step.disk(context));
    if (shortage) throw new SetupError(shortage.message, shortage.advice);
    await step.run(context);
    // The same look that the doctor takes decides, not the absence of an error.
    const missing = firstMissing(await look(step, context));
    if (missing) throw new SetupError(`${missing.name}: ${missing.problem}`, missing.advice ?? "");
    progress.finish("done");
    log(`step ${step.name} done`);
    return true;
  } finally {
    onLock(undefined);
    await lock.release();
  }
}

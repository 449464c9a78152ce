// @ts-check
/**
 * The contract between a step of the set-up, the runner and the doctor.
 *
 * @typedef {object} Part One line of the doctor: a thing that a step provides.
 * @property {string} name
 * @property {boolean} healthy
 * @property {string} [version]
 * @property {string} [origin] Where it came from: PATH, official, built here, Debian, npm, ...
 * @property {string} [problem] What is wrong; given when it is not healthy.
 * @property {string} [advice] What to do about it.
 * @property {string} [due] Healthy, but to be renewed by the next set-up: why.
 * @property {boolean} [optional] The step is done without it.
 *
 * @typedef {object} Versions `toolchain/versions.json`
 * @property {string} pulumi
 * @property {{docker: string, command: string}} plugins
 * @property {string} goToolchain
 * @property {string} dockerApiMinimum
 * @property {string} tailscale Of the image that an environment gets without a version of its own.
 * @property {string} headscale The control server that the tests run.
 * @property {string} openTofu What the benchmark measures against.
 * @property {{suite: string, revision: number}} base
 *
 * @typedef {object} Context What every step is given.
 * @property {string} projectFolder
 * @property {string} pulumiHome
 * @property {NodeJS.ProcessEnv} env
 * @property {Versions} versions
 * @property {boolean} refresh Ask download hosts again that refused lately.
 * @property {boolean} deep The doctor's look: start each tool and ask it, instead of looking at
 *   what the set-up left behind. Slower.
 * @property {AbortSignal} signal
 * @property {import("./command.mjs").Run} run
 * @property {(text: string) => void} detail What the step is doing now.
 * @property {(line: string) => void} note A line that stays on the screen.
 *
 * @typedef {object} Step
 * @property {string} name
 * @property {string} title What it does, for the progress display.
 * @property {"project" | "home" | "machine"} scope What it changes, hence whose lock it needs: the
 *   checkout, PULUMI_HOME (which checkouts share) or the machine.
 * @property {(context: Context) => Promise<Part[]>} check Changes nothing; call it through `look`.
 * @property {(context: Context) => Promise<void>} run Makes `check` come out healthy; may be killed
 *   at any point and run again.
 * @property {(context: Context) => import("./diskSpace.mjs").DiskNeed[]} disk
 */

/** A failure whose message and advice are meant for the user. */
export class SetupError extends Error {
  /**
   * @param {string} message
   * @param {string} advice
   */
  constructor(message, advice) {
    super(message);
    this.name = "SetupError";
    this.advice = advice;
  }
}

/**
 * A step's check, which may meet anything (an unreadable folder, a damaged lock file): what stops
 * it is a finding too, not the end of the doctor.
 * @param {Step} step
 * @param {Context} context
 * @returns {Promise<Part[]>}
 */
export async function look(step, context) {
  try {
    return await step.check(context);
  } catch (error) {
    const problem = `cannot be looked at: ${error instanceof Error ? error.message : error}`;
    const advice = "put right what the message names, then run the same command again";
    return [{ name: step.name, healthy: false, problem, advice }];
  }
}

/**
 * @param {Part[]} parts
 * @returns {Part | undefined} the first that keeps its step from being done
 */
export function firstMissing(parts) {
  return parts.find((part) => !part.optional && !part.healthy);
}

/**
 * @param {Part[]} parts
 * @returns {boolean} whether the set-up has anything to do for them
 */
export function isDone(parts) {
  return firstMissing(parts) === undefined && !parts.some((part) => part.due);
}

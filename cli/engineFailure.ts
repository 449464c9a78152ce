import type { EngineError } from "../operations/engine";
import { Failure } from "../operations/failure";
import { engineComplaints } from "./diagnostics";

/** What a run of the engine was for; part of the message when it fails. */
export type Purpose =
  | "plan"
  | "up"
  | "preview"
  | "down"
  | "refresh"
  | "read"
  | "configure"
  | "passphrase";

const WHAT_FAILED: Readonly<Record<Purpose, (stack: string) => string>> = {
  plan: (stack) => `${stack} cannot be brought up; nothing was changed:`,
  up: (stack) => `${stack} was not brought up completely:`,
  preview: (stack) => `What would change in ${stack} cannot be told:`,
  down: (stack) => `${stack} was not taken down completely:`,
  refresh: (stack) => `The state of ${stack} could not be compared with the Docker host:`,
  read: (stack) => `The secrets and outputs of ${stack} cannot be read:`,
  configure: (stack) => `Pulumi.${stack}.yaml was not changed:`,
  passphrase: (stack) => `The passphrase of ${stack} was not changed:`,
};

/** The command that goes on from where a run was cut off, where it is not `up`. */
const FINISHED_BY: Readonly<Partial<Record<Purpose, string>>> = {
  down: "down",
  passphrase: "secrets passphrase",
};

/** A failed run, as far as it was observed. */
export interface FailedRun {
  readonly purpose: Purpose;
  readonly stack: string;
  readonly error: Pick<EngineError, "result" | "signal">;
  /** Messages from the engine's events. */
  readonly messages: readonly string[];
  /** Whether the user asked it to stop. */
  readonly interrupted: boolean;
}

const LOCKED = /the stack is currently locked by/;
const PASSPHRASE = /incorrect passphrase|passphrase must be set|unable to read PULUMI_CONFIG_PASS/;
const PLUGIN =
  /no (resource|language|analyzer) plugin|could not (find|load) plugin|failed to load (language )?plugin|plugin .* not found/i;
const CONFIGURATION = /^Invalid configuration/;
const PREFLIGHT = /cannot be brought up on this host:/;

/** The failure that a run of the engine amounts to, in words for the user. */
export function failureOf(run: FailedRun): Failure {
  const { purpose, stack, error, interrupted } = run;
  const complaints = engineComplaints(error.result.stderr);
  const problems = run.messages.length > 0 ? run.messages : complaints;
  const all = [...problems, ...complaints].join("\n");
  const again = `npx doom ${FINISHED_BY[purpose] ?? "up"} ${stack}`;
  if (interrupted) return interruptedFailure(purpose, stack, again);
  if (LOCKED.test(all)) {
    return new Failure("locked", `Another run took ${stack} a moment ago.`, {
      fix: `wait until it ends (npx doom status ${stack} names it), then run ${again}`,
    });
  }
  if (PASSPHRASE.test(all)) {
    return new Failure("passphrase", `The passphrase of ${stack} is wrong or missing.`, {
      fix: `put the passphrase that ${stack} was created with into .passphrases/${stack}`,
    });
  }
  if (PLUGIN.test(all)) {
    return new Failure("engine", "A part of the Pulumi engine is missing:", {
      problems,
      fix: "run `npm start` again: its set-up puts it in place (`npm run doctor` shows each part)",
    });
  }
  const fromProgram = problems.find((text) => CONFIGURATION.test(text) || PREFLIGHT.test(text));
  if (fromProgram !== undefined) {
    return new Failure(
      CONFIGURATION.test(fromProgram) ? "configuration" : "preflight",
      fromProgram,
    );
  }
  if (error.signal) {
    return new Failure("update", `The engine was ended by ${error.signal} during this run.`, {
      fix: `run ${again}: it sets right what was left half way`,
    });
  }
  return new Failure("update", WHAT_FAILED[purpose](stack), {
    problems: problems.length > 0 ? problems : [`the engine ended with code ${error.result.code}`],
    fix: changesThings(purpose)
      ? `set right what it names and run ${again}: what was finished stays`
      : `set right what it names and run the command again`,
  });
}

function interruptedFailure(purpose: Purpose, stack: string, again: string): Failure {
  return changesThings(purpose)
    ? new Failure("interrupted", `Interrupted; what was finished of ${stack} is recorded.`, {
        fix: `${again} goes on from there`,
      })
    : new Failure("interrupted", "Interrupted; nothing was changed.");
}

function changesThings(purpose: Purpose): boolean {
  return ["up", "down", "refresh", "passphrase"].includes(purpose);
}

import { ConfigError } from "../config/errors";
import { errorText, Failure, type FailureKind } from "../operations/failure";
import { EXIT_CODES, INTERNAL_ERROR } from "./exitCodes";

/** What a command found out: for people as text, for programs as one JSON document. */
export interface Outcome {
  /** Printed on standard output, unless `--json` is given. */
  readonly text: string;
  /** The document of `--json`; the command, the stack and the result are added to it. */
  readonly data: Readonly<Record<string, unknown>>;
  /** A failure that is an answer (an unhealthy environment) and not an error. */
  readonly exitCode?: number;
}

/** Anything thrown as the kind of failure that it is. */
export function classify(error: unknown): { kind: FailureKind | "internal"; exitCode: number } {
  if (error instanceof Failure) return { kind: error.kind, exitCode: EXIT_CODES[error.kind] };
  if (error instanceof ConfigError) {
    return { kind: "configuration", exitCode: EXIT_CODES.configuration };
  }
  return { kind: "internal", exitCode: INTERNAL_ERROR };
}

/** The lines of an error for people: what, details, fix. A defect shows its stack. */
export function describeError(error: unknown): string {
  if (error instanceof Failure || error instanceof ConfigError) return `error: ${error.message}`;
  const trace = error instanceof Error ? error.stack : undefined;
  return `error: this is a defect in doom, please report it: ${trace ?? errorText(error)}`;
}

/** The document of a failed command under `--json`. */
export function errorDocument(command: string, stack: string | undefined, error: unknown): object {
  const { kind, exitCode } = classify(error);
  const failure = error instanceof Failure ? error : undefined;
  const problems = error instanceof ConfigError ? error.problems : failure?.problems;
  return {
    command,
    ...(stack === undefined ? {} : { stack }),
    result: "failed",
    exitCode,
    error: {
      kind,
      message: failure?.summary ?? errorText(error).split("\n")[0],
      ...(problems && problems.length > 0 ? { problems } : {}),
      ...(failure?.fix === undefined ? {} : { fix: failure.fix }),
    },
  };
}

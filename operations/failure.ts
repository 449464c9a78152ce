/** What went wrong, by what the user has to do about it. `cli/exitCodes.ts` gives each its number. */
export type FailureKind =
  | "usage"
  | "configuration"
  | "passphrase"
  | "locked"
  | "preflight"
  | "engine"
  | "update"
  | "state"
  | "unhealthy"
  | "unproven"
  | "data"
  | "refused"
  | "changed"
  | "isolation"
  | "interop"
  | "interrupted";

/**
 * A failure that is explained to the user: one sentence, what it consists of, and the fix.
 *
 * No part of it ever holds a secret. Anything else that is thrown is a defect of this program.
 */
export class Failure extends Error {
  readonly problems: readonly string[];
  readonly fix: string | undefined;

  constructor(
    readonly kind: FailureKind,
    readonly summary: string,
    details: { readonly problems?: readonly string[]; readonly fix?: string } = {},
  ) {
    super(renderFailure(summary, details.problems ?? [], details.fix));
    this.name = "Failure";
    this.problems = details.problems ?? [];
    this.fix = details.fix;
  }
}

/** The whole message, as it is printed: also what Pulumi shows when the program throws it. */
function renderFailure(
  summary: string,
  problems: readonly string[],
  fix: string | undefined,
): string {
  return [
    summary,
    ...problems.map((problem) => `  - ${problem.replaceAll("\n", "\n    ")}`),
    ...(fix === undefined ? [] : [`Fix: ${fix}`]),
  ].join("\n");
}

/** The code of a system error (`ENOENT`, `EACCES`, …), or undefined. */
export function errorCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
}

/** The text of whatever was thrown. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

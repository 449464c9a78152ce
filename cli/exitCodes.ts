import type { FailureKind } from "../operations/failure";

/** The exit code of each kind of failure: part of the command's contract, never renumbered. */
export const EXIT_CODES: Readonly<Record<FailureKind, number>> = {
  usage: 2,
  configuration: 3,
  passphrase: 4,
  locked: 5,
  preflight: 6,
  engine: 7,
  update: 8,
  state: 9,
  unhealthy: 10,
  unproven: 11,
  data: 12,
  isolation: 13,
  interop: 14,
  changed: 15,
  refused: 16,
  interrupted: 130,
};

/** A defect of this program, not of its use. */
export const INTERNAL_ERROR = 1;

const MEANINGS: Readonly<Record<FailureKind, string>> = {
  usage: "wrong usage: unknown command, option, stack or instance",
  configuration: "the stack file or an image cannot be used, or the stack was not created yet",
  passphrase: "the passphrase is missing, wrong or readable by others",
  locked: "another run holds the stack",
  preflight: "the host cannot take it: Docker, port, addresses, disk",
  engine: "the Pulumi engine is missing or cannot be started",
  update: "the update, the preview or the removal failed",
  state: "the state is damaged or does not fit the Docker host",
  unhealthy: "status: not all of the environment runs and is healthy; open: what it needs does not",
  unproven:
    "verify, diagnose: a secret was found, or a place could not be searched; a limit does not hold, or storage is full",
  data: "data was not moved, or what arrived is not what was sent",
  refused: "promote: a gate stands against it, and the target is untouched",
  isolation:
    "verify --isolation: something is reached or shared that is not declared, or not proven",
  interop: "verify --interop: a declared pair does not get on, or another one does",
  changed: "verify --kept: an environment that nobody changed would not stay as it is",
  interrupted: "interrupted",
};

/** The table of exit codes for `doom --help`. */
export function exitCodeTable(): string {
  const rows: [number, string][] = [
    [0, "done"],
    [INTERNAL_ERROR, "a defect in doom itself"],
    ...(Object.keys(EXIT_CODES) as FailureKind[]).map((kind): [number, string] => [
      EXIT_CODES[kind],
      MEANINGS[kind],
    ]),
  ];
  return ["Exit codes:", ...rows.map(([code, text]) => `  ${String(code).padEnd(4)} ${text}`)].join(
    "\n",
  );
}

import { isAtOrAbove } from "./rules/hostPaths";

/** What is known of a volume or folder that takes part in a migration. */
export interface PlaceFacts {
  readonly kind: "volume" | "directory";
  /** For messages: `the volume doom-dev-data-1`. */
  readonly title: string;
  /** Name of the volume, or absolute path without links. */
  readonly at: string;
  /** The environment that it belongs to, by its label. */
  readonly stack: string | undefined;
  /** What it is for, by its label. */
  readonly role: string | undefined;
  /** How the volume was made, when that is not the engine's own way. */
  readonly driverOptions: Readonly<Record<string, string>>;
  readonly users: readonly VolumeUser[];
}

/** A container that mounts the volume. */
export interface VolumeUser {
  readonly id: string;
  readonly name: string;
  /** Docker's word: `running`, `paused`, `restarting`, `exited`, … */
  readonly state: string;
  readonly writes: boolean;
  /** Docker removes it when it stops. */
  readonly removedOnStop: boolean;
}

const RUNS = new Set(["running", "paused", "restarting"]);
/** Roles of volumes with people's files; the others' hold keys and logins. */
const DATA_ROLES = new Set(["data", "copy"]);

/** Who may be writing there now. */
export function activeWriters({ users }: PlaceFacts): VolumeUser[] {
  return users.filter(({ state, writes }) => RUNS.has(state) && writes);
}

/** Why data may not be read from there; a sentence each. */
export function sourceProblems(source: PlaceFacts): string[] {
  const writers = activeWriters(source);
  return [
    ...placeProblems(source),
    ...writers
      .filter(({ state }) => state === "paused")
      .map(({ name }) => `${name}, which uses ${source.title}, is paused; unpause it or stop it`),
    ...writers
      .filter(({ removedOnStop }) => removedOnStop)
      .map(
        ({ name }) =>
          `${name}, which writes to ${source.title}, would be removed when it is stopped (--rm) and could not be started again; stop it yourself`,
      ),
  ];
}

/** Why data may not be written there; a sentence each. */
export function targetProblems(target: PlaceFacts): string[] {
  const users = target.users.filter(({ state }) => RUNS.has(state));
  return [
    ...placeProblems(target),
    ...users.map(({ name }) => `${target.title} is in use by ${name}; stop that first`),
  ];
}

function placeProblems({ title, role, driverOptions }: PlaceFacts): string[] {
  return [
    ...(role === undefined || DATA_ROLES.has(role)
      ? []
      : [`${title} belongs to the role ${role} and may hold its secrets; only data is moved`]),
    ...(/(^|,)r?bind(,|$)/.test(driverOptions.o ?? "")
      ? [`${title} is the folder ${driverOptions.device} of the host; name it as directory:`]
      : []),
  ];
}

/** Why data may not move from one to the other; a sentence each. */
export function pairProblems(
  source: PlaceFacts,
  target: PlaceFacts,
  { acrossEnvironments }: { readonly acrossEnvironments: boolean },
): string[] {
  if (source.kind === target.kind && source.at === target.at) {
    return [`source and target are the same: ${source.title}`];
  }
  const folders = source.kind === "directory" && target.kind === "directory";
  if (folders && (isAtOrAbove(source.at, target.at) || isAtOrAbove(target.at, source.at))) {
    return [`one of the folders ${source.at} and ${target.at} lies in the other`];
  }
  return crossingProblems(source, target, acrossEnvironments);
}

/** Data stays in its environment unless the user says otherwise. */
export function crossingProblems(
  source: { readonly title: string; readonly stack: string | undefined },
  target: { readonly title: string; readonly stack: string | undefined },
  acrossEnvironments: boolean,
): string[] {
  const crosses = target.stack !== undefined && source.stack !== undefined;
  if (!crosses || source.stack === target.stack || acrossEnvironments) return [];
  return [
    `${source.title} belongs to ${source.stack} and ${target.title} to ${target.stack}; if its data may go there, add --across-environments (in a seed: acrossEnvironments: true)`,
  ];
}

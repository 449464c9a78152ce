/** What is known of snapshots, as restic keeps it, and the decisions about them. */

/** What a snapshot says of itself, apart from its data. */
export interface SnapshotFacts {
  readonly stack: string;
  /** Number of the editor whose data it is. */
  readonly instance: number;
  /** Digest or ID of the editor's image; `none` when the environment was never up. */
  readonly image: string;
  /** SHA-256 of the environment's checked configuration. */
  readonly configuration: string;
  /** The digest at the end of the manifest. */
  readonly manifest: string;
  /** Paths in the data, the root included. */
  readonly entries: number;
  /** Bytes of the files in the data. */
  readonly bytes: number;
  /** Made of the data that a restore was about to replace. */
  readonly replaced: boolean;
}

export interface Snapshot extends SnapshotFacts {
  /** 64 hexadecimal digits; their beginning names it, too. */
  readonly id: string;
  /** ISO 8601: when copying began. */
  readonly time: string;
}

/** Marks what was proven to hold what its manifest says; all else is the remains of a run. */
export const COMPLETE = "complete";
const REPLACED = "replaced";

/** How many of a name restic keeps: the last of each day, week and month. */
export const RETENTION = { daily: 7, weekly: 4, monthly: 12 } as const;

/** How many digits of an ID are shown. */
const SHOWN_DIGITS = 8;

export function shortId(id: string): string {
  return id.slice(0, SHOWN_DIGITS);
}

/** The tags of a snapshot that is not proven yet; without commas, which would divide them. */
export function tagsOf(facts: SnapshotFacts): string[] {
  return [
    `stack=${facts.stack}`,
    `instance=${facts.instance}`,
    `image=${facts.image}`,
    `config=${facts.configuration}`,
    `manifest=${facts.manifest}`,
    `entries=${facts.entries}`,
    `bytes=${facts.bytes}`,
    ...(facts.replaced ? [REPLACED] : []),
  ];
}

/**
 * What restic calls the host of a snapshot: retention and the search for an earlier one go by it.
 *
 * What a restore replaced counts apart. Else an empty volume, saved before a restore, would be the last of
 * its day and push out the good one.
 */
export function seriesOf({ instance, replaced }: Pick<SnapshotFacts, "instance" | "replaced">) {
  return replaced ? `editor-${instance}-${REPLACED}` : `editor-${instance}`;
}

/** As `restic snapshots --json` gives it. */
export interface ResticSnapshot {
  readonly id: string;
  readonly time: string;
  readonly tags?: readonly string[] | null;
}

/** Splits what a repository lists into proven snapshots, the newest first, and remains of runs. */
export function readSnapshots(listed: readonly ResticSnapshot[]): {
  readonly complete: readonly Snapshot[];
  readonly remains: readonly string[];
} {
  const complete = listed.flatMap((one) => readSnapshot(one) ?? []);
  const known = new Set(complete.map(({ id }) => id));
  return {
    complete: complete.sort((a, b) => Date.parse(b.time) - Date.parse(a.time)),
    remains: listed.flatMap(({ id }) => (known.has(id) ? [] : [id])),
  };
}

function readSnapshot({ id, time, tags }: ResticSnapshot): Snapshot | undefined {
  if (!tags?.includes(COMPLETE)) return undefined;
  const values = new Map(tags.map((tag) => tag.split(/=(.*)/s) as [string, string]));
  const text = (name: string) => values.get(name) ?? "";
  return {
    id,
    time,
    stack: text("stack"),
    instance: Number(text("instance")),
    image: text("image"),
    configuration: text("config"),
    manifest: text("manifest"),
    entries: Number(text("entries")),
    bytes: Number(text("bytes")),
    replaced: tags.includes(REPLACED),
  };
}

/** The newest snapshot of an editor that was asked for; none that a restore made of what it replaced. */
export function latestOf(complete: readonly Snapshot[], instance: number): Snapshot | undefined {
  return complete.find((one) => one.instance === instance && !one.replaced);
}

/** Those whose ID begins like this; one that is asked for by too few digits is asked for by none. */
export function withId(complete: readonly Snapshot[], wanted: string): readonly Snapshot[] {
  return /^[0-9a-f]{4,64}$/.test(wanted) ? complete.filter(({ id }) => id.startsWith(wanted)) : [];
}

/** Nanoseconds since 1970 that restic sets, which is Go's range: until the year 2262. */
const LAST_TIME = 2n ** 63n - 1n;

/** Whether restic keeps a time, in nanoseconds since 1970, and sets another one when it restores. */
export function isBeyondRestic(mtime: string): boolean {
  return /^\d+$/.test(mtime) && BigInt(mtime) > LAST_TIME;
}

/** Below this part of the earlier one, a snapshot is taken for the sign of a loss. */
const SHRUNKEN = 0.5;

/**
 * Why data should not become the latest snapshot unless somebody says so; undefined when it may.
 *
 * A host that has just lost its volume makes a snapshot of an empty one, and retention then removes the
 * good ones.
 */
export function shrinkProblem(
  now: Pick<SnapshotFacts, "entries" | "bytes">,
  before: Pick<Snapshot, "entries" | "bytes" | "id"> | undefined,
): string | undefined {
  // The root itself is an entry.
  if (now.entries <= 1) return "it is empty";
  if (before === undefined) return undefined;
  const lost = (["entries", "bytes"] as const).find((of) => now[of] < before[of] * SHRUNKEN);
  return lost === undefined
    ? undefined
    : `it has ${now[lost]} ${lost}, and the snapshot ${shortId(before.id)} has ${before[lost]}`;
}

import { type ManifestEntry, pathBytes, portableLine } from "./manifest";
import { holdsVolatile, isVolatile } from "./volatilePaths";

/** What about a path differs. `missing` and `extra` are seen from the first manifest. */
export type DifferenceKind =
  | "missing"
  | "extra"
  | "type"
  | "content"
  | "target"
  | "device"
  | "hardLink"
  | "mode"
  | "owner"
  | "mtime"
  | "xattr";

export interface Difference {
  readonly path: string;
  readonly kind: DifferenceKind;
  /** In the first manifest, for people; absent for `extra`. */
  readonly expected?: string;
  /** In the second one; absent for `missing`. */
  readonly found?: string;
}

/** The lines of a manifest's entries, in its order. */
export type EntryLines = AsyncIterable<string> | Iterable<string>;

/**
 * Compares two manifests and gives each difference, in the order of the paths.
 *
 * Holds two lines at a time, whatever the size of the trees. `volatile` are paths that may differ, and
 * with them the time of the folder that each stands in.
 */
export async function* compareManifests(
  expected: EntryLines,
  found: EntryLines,
  volatile: readonly string[] = [],
): AsyncGenerator<Difference> {
  const left = new Cursor(expected);
  const right = new Cursor(found);
  await Promise.all([left.next(), right.next()]);
  while (left.line !== undefined || right.line !== undefined) {
    const order = left.compare(right);
    const differences =
      order === 0
        ? differencesOfLines(left.line as string, right.line as string)
        : [order < 0 ? only(left, "missing") : only(right, "extra")];
    for (const difference of differences) {
      if (!mayDiffer(difference, volatile)) yield difference;
    }
    if (order <= 0) await left.next();
    if (order >= 0) await right.next();
  }
}

/** One of the two lists, at one of its lines. */
class Cursor {
  line: string | undefined;
  private readonly lines: AsyncIterator<string> | Iterator<string>;

  constructor(lines: EntryLines) {
    this.lines =
      Symbol.asyncIterator in lines ? lines[Symbol.asyncIterator]() : lines[Symbol.iterator]();
  }

  async next(): Promise<void> {
    const { done, value } = await this.lines.next();
    this.line = done ? undefined : portableLine(value);
  }

  get entry(): ManifestEntry {
    return JSON.parse(this.line as string) as ManifestEntry;
  }

  /** Negative when this one's path comes first; a list that has ended comes last. */
  compare(other: Cursor): number {
    if (this.line === other.line) return 0;
    if (this.line === undefined) return 1;
    if (other.line === undefined) return -1;
    const [here, there] = [pathBytes(this.entry.path), pathBytes(other.entry.path)];
    return here === there ? 0 : here < there ? -1 : 1;
  }
}

function only({ entry }: Cursor, kind: "missing" | "extra"): Difference {
  const text = entry.size === undefined ? entry.type : `${entry.type} of ${entry.size} bytes`;
  return { path: entry.path, kind, ...(kind === "missing" ? { expected: text } : { found: text }) };
}

function mayDiffer({ path, kind }: Difference, volatile: readonly string[]): boolean {
  return isVolatile(path, volatile) || (kind === "mtime" && holdsVolatile(path, volatile));
}

function differencesOfLines(expected: string, found: string): Difference[] {
  if (expected === found) return [];
  return differencesOfEntries(JSON.parse(expected), JSON.parse(found));
}

/** Every difference between two entries of the same path. */
export function differencesOfEntries(expected: ManifestEntry, found: ManifestEntry): Difference[] {
  const { path } = expected;
  const differing = ASPECTS.flatMap(({ kind, of }) => {
    const [before, after] = of(expected, found);
    return before === after ? [] : [{ path, kind, expected: before, found: after }];
  });
  const kinds = new Set(differing.map(({ kind }) => kind));
  // Of two things that are not of one kind, contents say nothing more.
  if (kinds.has("type")) return differing.filter(({ kind }) => !CONTENTS.has(kind));
  // The content of another name stands at the first one.
  if (kinds.has("hardLink")) return differing.filter(({ kind }) => kind !== "content");
  return differing;
}

const CONTENTS: ReadonlySet<DifferenceKind> = new Set(["content", "target", "device", "hardLink"]);

/** Two texts, which are equal when the aspect is. */
type Aspect = (expected: ManifestEntry, found: ManifestEntry) => readonly [string, string];

const each =
  (text: (entry: ManifestEntry) => string): Aspect =>
  (expected, found) => [text(expected), text(found)];

const ASPECTS: readonly { readonly kind: DifferenceKind; readonly of: Aspect }[] = [
  { kind: "type", of: each(({ type }) => type) },
  {
    kind: "content",
    of: each(({ size, hash }) => (hash === undefined ? "none" : `${size} bytes, BLAKE3 ${hash}`)),
  },
  { kind: "target", of: each(({ target }) => target ?? "none") },
  { kind: "device", of: each(({ device }) => device?.join(":") ?? "none") },
  { kind: "hardLink", of: each(({ hardLink }) => hardLink ?? "none") },
  { kind: "mode", of: each(({ mode }) => mode) },
  { kind: "owner", of: each(({ uid, gid }) => `${uid}:${gid}`) },
  { kind: "mtime", of: each(({ mtime }) => mtime) },
  { kind: "xattr", of: differingAttributes },
];

/** Only those attributes that differ; a file may carry many. */
function differingAttributes(
  { xattrs: expected = {} }: ManifestEntry,
  { xattrs: found = {} }: ManifestEntry,
): readonly [string, string] {
  const names = [...new Set([...Object.keys(expected), ...Object.keys(found)])].sort();
  const differing = names.filter((name) => expected[name] !== found[name]);
  const text = (values: Readonly<Record<string, string>>) =>
    differing.map((name) => `${name}=${values[name] ?? "none"}`).join(" ");
  return [text(expected), text(found)];
}

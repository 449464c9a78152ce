import { type ManifestEntry, pathBytes, portableLine } from "./manifest";
import { differencesOfEntries, type EntryLines } from "./manifestCompare";

/** A path that both trees have, and not as the same thing. */
export interface Clash {
  /** In the merged tree. */
  readonly path: string;
  /** What differs: `content`, `type`, … */
  readonly kinds: readonly string[];
}

/**
 * The entries of the tree that `outer` becomes when `inner` is put into it at `at`, in a manifest's order.
 *
 * Where both have a folder, that of `inner` counts; anything else that both have has to be equal, and
 * `clash` is told where it is not. Holds two lines at a time. Throws what the two lists throw.
 */
export async function* mergeManifests(
  outer: EntryLines,
  inner: EntryLines,
  at: string,
  clash: (clash: Clash) => void = () => {},
): AsyncGenerator<string> {
  const left = entriesOf(outer, (path) => path);
  const right = entriesOf(inner, (path) => (path === "." ? at : `${at}/${path}`));
  let [one, other] = await Promise.all([next(left), next(right)]);
  while (one !== undefined || other !== undefined) {
    const order = compare(one, other);
    if (order === 0) reportClash(one as ManifestEntry, other as ManifestEntry, clash);
    yield JSON.stringify(order < 0 ? one : other);
    if (order <= 0) one = await next(left);
    if (order >= 0) other = await next(right);
  }
}

/** Every path that stands in the way of putting `inner` into `outer` at `at`. */
export async function clashesOf(
  outer: EntryLines,
  inner: EntryLines,
  at: string,
): Promise<Clash[]> {
  const clashes: Clash[] = [];
  const merged = mergeManifests(outer, inner, at, (clash) => clashes.push(clash));
  while (!(await merged.next()).done);
  return clashes;
}

async function* entriesOf(
  lines: EntryLines,
  place: (path: string) => string,
): AsyncGenerator<ManifestEntry> {
  for await (const line of lines) {
    const entry = JSON.parse(portableLine(line)) as ManifestEntry;
    const { path, hardLink } = entry;
    const moved = { ...entry, path: place(path) };
    yield hardLink === undefined ? moved : { ...moved, hardLink: place(hardLink) };
  }
}

async function next(entries: AsyncGenerator<ManifestEntry>): Promise<ManifestEntry | undefined> {
  const { done, value } = await entries.next();
  return done ? undefined : value;
}

/** Negative when the first one's path comes first; a list that has ended comes last. */
function compare(one: ManifestEntry | undefined, other: ManifestEntry | undefined): number {
  if (one === undefined) return 1;
  if (other === undefined) return -1;
  const [here, there] = [pathBytes(one.path), pathBytes(other.path)];
  return here === there ? 0 : here < there ? -1 : 1;
}

function reportClash(
  one: ManifestEntry,
  other: ManifestEntry,
  clash: (clash: Clash) => void,
): void {
  if (one.type === "directory" && other.type === "directory") return;
  const kinds = differencesOfEntries(one, other).map(({ kind }) => kind);
  if (kinds.length > 0) clash({ path: one.path, kinds });
}

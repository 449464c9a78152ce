import { type ManifestEntry, pathBytes } from "./manifest";

/**
 * Whether a tree is still what a manifest says, by the inode and the time of change of everything in it:
 * while they are the same, nothing was written and no attribute set.
 */

/** What `find` prints for that of each path, as `-printf` takes it. */
export const STAMP_FORMAT = "%i:%C@ %P\\0";

/** Seconds with ten decimals, of which nine are the kernel's. */
const RECORD = /^(\d+):(\d+)\.(\d{9})\d /;

/**
 * Compares such a list, in the order of the paths' bytes and as latin1, with the lines of the manifest's entries.
 *
 * Both come in batches of any size. An entry without a stamp vouches for nothing.
 */
export async function isAsStamped(
  list: AsyncIterable<readonly string[]>,
  entries: AsyncIterator<readonly string[]>,
): Promise<boolean> {
  let lines: readonly string[] = [];
  let next = 0;
  for await (const records of list) {
    for (const record of records) {
      while (next === lines.length) {
        const { done, value } = await entries.next();
        if (done) return false;
        [lines, next] = [value, 0];
      }
      if (!isOf(record, JSON.parse(lines[next++] as string) as ManifestEntry)) return false;
    }
  }
  return next === lines.length && (await entries.next()).done === true;
}

function isOf(record: string, { path, stamp }: ManifestEntry): boolean {
  const [head = "", inode, seconds, nanoseconds] = RECORD.exec(record) ?? [];
  return (
    head !== "" &&
    stamp === `${inode}:${seconds}${nanoseconds}` &&
    record.slice(head.length) === pathBytes(path)
  );
}

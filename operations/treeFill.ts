import type { TransferTotals } from "../checks/rsyncOutput";
import type { ToolsContainer } from "./toolsContainer";

/**
 * Copies a whole tree into an empty one in a tools container, with cp: where there is nothing to compare, it
 * takes a quarter of rsync's time. What it leaves out or cannot do is left to operations/treeCopy.ts, which
 * has to follow.
 */

export interface FillOptions {
  /** The trees as the container sees them. */
  readonly from: string;
  readonly to: string;
  /** Told how many bytes were written. */
  readonly onProgress?: (bytes: number) => void;
}

/**
 * Prints each second how many bytes were written, and lets the disk begin with them at once: it is the slowest
 * part. That they are there, or why not, is told to whoever flushes the tree at the end.
 *
 * A source with a `lost+found` is a file system's root, and that folder is not to be copied: rsync does all
 * of it. What runs in a loop outlives it and would hold the output open.
 */
const COPY = `
[[ -e $1/lost+found ]] && exit
cp --archive --one-file-system "$1/." "$2/" & copy=$!
while sleep 1 > /dev/null 2>&1; do sed --quiet 's/^wchar: //p' /proc/$copy/io; done &
while sleep 0.2; do sync --file-system "$2"; done > /dev/null 2>&1 &
wait $copy; code=$?
kill $(jobs -p)
exit $code`;

/** Prints the number of files, their bytes and the number of paths; a file of several names once. */
const COUNT = `
find "$1" -xdev -type f -printf '%i %s\\n' | sort --unique |
  awk '{ bytes += $2 } END { printf "%d %.0f\\n", NR, bytes }'
find "$1" -xdev -mindepth 1 -printf x | wc --bytes`;

/** What cp answers when it could not copy some of it. */
const PARTIAL = 1;

/** Gives what has arrived. Throws ToolFailed. */
export async function fillTree(
  tools: ToolsContainer,
  { from, to, onProgress = () => {} }: FillOptions,
): Promise<TransferTotals> {
  const output = tools.stream(["bash", "-c", COPY, "bash", from, to], { accept: [PARTIAL] });
  for await (const chunk of output) {
    const written = /(\d+)\n$/.exec(chunk.toString("latin1"))?.[1];
    if (written !== undefined) onProgress(Number(written));
  }
  const { stdout } = await tools.run(["bash", "-euo", "pipefail", "-c", COUNT, "bash", to]);
  const [transferred, bytes, created] = stdout.trim().split(/\s+/).map(Number) as number[];
  return { transferred, bytes, created, deleted: 0 } as TransferTotals;
}

import { posix } from "node:path";
import {
  parseProgress,
  parseTotals,
  type TransferProgress,
  type TransferTotals,
} from "../checks/rsyncOutput";
import type { ToolsContainer } from "./toolsContainer";

/** Makes one tree equal to another in a tools container, with rsync. */

export interface CopyOptions {
  /** The trees as the container sees them. */
  readonly from: string;
  readonly to: string;
  /** A further tree that goes into the target as a folder of its own name; what both have, it decides. */
  readonly inside?: string;
  /** Others write to the source meanwhile: what vanishes or changes is left to a later pass. */
  readonly live?: boolean;
  /** Finds out what it would do, and changes nothing. */
  readonly dryRun?: boolean;
  /** Reads every file of both trees, whatever sizes and times say. */
  readonly contents?: boolean;
  /** Told how far it is. */
  readonly onProgress?: (progress: TransferProgress) => void;
}

const RSYNC = [
  "rsync",
  "--archive",
  "--hard-links",
  "--acls",
  "--xattrs",
  "--sparse",
  "--numeric-ids",
  "--one-file-system",
  // Else times that differ by less than a second are equal.
  "--modify-window=-1",
  "--no-human-readable",
  "--outbuf=None",
  // The root's lost+found is the file system's, and this attribute the host's: see images/tools/lib.
  "--exclude=/lost+found",
  "--filter=-x security.selinux",
  // With a filter of one's own, rsync's own one for what ACLs are kept in no longer counts.
  "--filter=-x system.*",
];

/** Writes out what has arrived below `root`, so that it stays even if the power fails now. Throws ToolFailed. */
export async function flushTree(tools: ToolsContainer, root: string): Promise<void> {
  await tools.run(["sync", "--file-system", root]);
}

/** Codes of rsync: some files vanished; some could not be transferred. */
const VANISHED = 24;
const PARTIAL = 23;

/**
 * Copies everything that differs by size, time or attributes, and deletes what the source does not have.
 *
 * An interrupted copy leaves each file old or new; the next one goes on. Throws ToolFailed.
 */
export async function copyTree(
  tools: ToolsContainer,
  { from, to, inside, live = false, onProgress = () => {}, ...choices }: CopyOptions,
): Promise<TransferTotals> {
  const flags = [
    ...["--delete", "--info=progress2", "--stats"],
    ...(choices.dryRun ? ["--dry-run"] : []),
    ...(choices.contents ? ["--checksum"] : []),
  ];
  // Of several sources rsync takes what more than one has from the first.
  const further =
    inside === undefined ? [] : [`--exclude=/${posix.basename(inside)}/lost+found`, inside];
  const output = tools.stream([...RSYNC, ...flags, ...further, `${from}/`, `${to}/`], {
    accept: live ? [VANISHED, PARTIAL] : [],
  });
  let end = "";
  for await (const chunk of output) {
    // The totals are the last thing that is printed.
    end = (end + chunk.toString("latin1")).slice(-4096);
    const progress = parseProgress(end);
    if (progress !== undefined) onProgress(progress);
  }
  return parseTotals(end);
}

/**
 * Copies the content of these files, whatever their size and time say.
 *
 * In place, because another name of the same file has to get it, too. `paths` are bytes, relative to
 * the trees. Throws ToolFailed.
 */
export async function copyContents(
  tools: ToolsContainer,
  { from, to }: Pick<CopyOptions, "from" | "to">,
  paths: readonly Buffer[],
): Promise<TransferTotals> {
  const flags = ["--ignore-times", "--inplace", "--stats", "--from0", "--files-from=-"];
  const input = Buffer.concat(paths.flatMap((path) => [path, Buffer.from([0])]));
  const { stdout } = await tools.run([...RSYNC, ...flags, `${from}/`, `${to}/`], {
    input: (async function* () {
      yield input;
    })(),
  });
  return parseTotals(stdout);
}

import { createReadStream } from "node:fs";
import {
  isArchived,
  isLinkedLater,
  memberProblem,
  parseMember,
  TreeCheck,
} from "../checks/archive";
import type { ManifestEntry } from "../checks/manifest";
import { pathBytes } from "../checks/manifest";
import { Failure } from "./failure";
import { manifestEntries } from "./manifest";
import type { ToolsContainer } from "./toolsContainer";

/** GNU tar in a tools container: the data of an archive, in the order of its manifest. */

const KEEPING = ["--numeric-owner", "--acls", "--xattrs", "--xattrs-include=*", "--sparse"];

/** A tar file of the tree below `root`, as it comes. Throws ToolFailed. */
export function packTree(
  tools: ToolsContainer,
  root: string,
  manifest: string,
): AsyncGenerator<Buffer, number> {
  const names = ["--null", "--verbatim-files-from", "--no-recursion", "--files-from=-"];
  return tools.stream(
    [
      "tar",
      "--create",
      "--file=-",
      "--format=posix",
      // Times of reading and of change are the host's; without them equal trees are equal files.
      "--pax-option=delete=atime,delete=ctime",
      "--xattrs-exclude=security.selinux",
      ...KEEPING,
      `--directory=${root}`,
      ...names,
    ],
    { input: memberNames(manifest) },
  );
}

async function* memberNames(manifest: string): AsyncGenerator<Buffer> {
  for await (const line of manifestEntries(manifest)) {
    const entry = JSON.parse(line) as ManifestEntry;
    if (isArchived(entry)) yield Buffer.from(`./${pathBytes(entry.path)}\0`, "latin1");
  }
}

/** Throws ToolFailed when the data is not what is below `root`: contents, owners, modes and times. */
export async function requireEqualData(
  tools: ToolsContainer,
  root: string,
  data: string,
): Promise<void> {
  const command = ["tar", "--compare", "--file=-", "--numeric-owner", `--directory=${root}`];
  await tools.run(command, { input: createReadStream(data) });
}

/**
 * Looks at every member before any is extracted.
 *
 * Throws a {@link Failure} that names the first one that the manifest does not have in its place, or that
 * would be written to another place than it says.
 */
export async function requireSafeData(
  tools: ToolsContainer,
  manifest: string,
  data: string,
): Promise<void> {
  const command = ["env", "LC_ALL=C", "TZ=UTC", "tar", "--list", "--verbose", "--file=-"];
  const shape = ["--numeric-owner", "--full-time", "--quoting-style=c"];
  const output = tools.stream([...command, ...shape], { input: createReadStream(data) });
  const members = textLines(output);
  const next = async () => {
    const { done, value } = await members.next();
    return done ? undefined : parseMember(value);
  };
  const check = new TreeCheck();
  try {
    for await (const line of manifestEntries(manifest)) {
      const entry = JSON.parse(line) as ManifestEntry;
      refuse(check.problem(entry));
      if (isArchived(entry)) refuse(memberProblem(await next(), entry));
    }
    refuse(memberProblem(await next(), undefined));
  } finally {
    await members.return(undefined);
  }
}

function refuse(problem: string | undefined): void {
  if (problem === undefined) return;
  throw new Failure("data", `The archive is not safe to unpack: ${problem}.`, {
    fix: "nothing was written; use an archive that doom has made",
  });
}

async function* textLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of chunks) {
    const lines = (rest + chunk.toString("latin1")).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

/** Extracts the data into an empty tree, and makes it what the manifest says. Throws ToolFailed. */
export async function unpackTree(
  tools: ToolsContainer,
  root: string,
  { manifest, data }: { readonly manifest: string; readonly data: string },
): Promise<void> {
  await tools.run(
    [
      "tar",
      "--extract",
      "--file=-",
      "--same-owner",
      "--same-permissions",
      "--delay-directory-restore",
      ...KEEPING,
      `--directory=${root}`,
    ],
    { input: createReadStream(data) },
  );
  await linkAgain(tools, root, manifest);
}

/** Pairs of names, each pair for one thing; a link changes the time of the folder that it stands in. */
const LINK = `
cd "$1"
while IFS= read -r -d '' first && IFS= read -r -d '' other; do
  folder="\${other%/*}"
  touch --reference="$folder" /tmp/time
  ln --force "$first" "$other"
  touch --reference=/tmp/time "$folder"
done`;

/** Makes one pipe or device of those that tar has made for each of its names. */
async function linkAgain(tools: ToolsContainer, root: string, manifest: string): Promise<void> {
  const command = ["env", "LC_ALL=C", "bash", "-euc", LINK, "bash", root];
  await tools.run(command, { input: namePairs(manifest) });
}

async function* namePairs(manifest: string): AsyncGenerator<Buffer> {
  for await (const line of manifestEntries(manifest)) {
    const entry = JSON.parse(line) as ManifestEntry;
    if (!isLinkedLater(entry) || !isArchived(entry)) continue;
    const names = [entry.hardLink ?? "", entry.path].map((path) => `./${pathBytes(path)}\0`);
    yield Buffer.from(names.join(""), "latin1");
  }
}

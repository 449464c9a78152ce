import { isAsStamped, STAMP_FORMAT } from "../checks/treeStamps";
import { manifestBatches } from "./manifest";
import type { ToolsContainer } from "./toolsContainer";

/** In the order of a manifest, and without what it leaves out; see images/tools/lib/listing.mjs. */
const LIST = `
cd "$1"
find . -xdev -path './lost+found' -prune -o -printf '${STAMP_FORMAT}' |
  LC_ALL=C sort --zero-terminated --buffer-size=64M --field-separator=' ' --key=2`;

/**
 * Whether nothing in a tree was written or renamed since its manifest was made on this host.
 *
 * Opens no file, and takes a quarter of the time of a new manifest. Throws ToolFailed, and ManifestError when
 * the manifest is not whole.
 */
export async function isUnchangedSince(
  tools: ToolsContainer,
  root: string,
  manifest: string,
): Promise<boolean> {
  const output = tools.stream(["bash", "-euo", "pipefail", "-c", LIST, "bash", root]);
  const lines = manifestBatches(manifest);
  try {
    return await isAsStamped(records(output), lines);
  } finally {
    await lines.return(undefined);
  }
}

/** What ends with NUL, as latin1. */
async function* records(chunks: AsyncIterable<Buffer>): AsyncGenerator<string[]> {
  let rest = "";
  for await (const chunk of chunks) {
    const parts = (rest + chunk.toString("latin1")).split("\0");
    rest = parts.pop() ?? "";
    yield parts;
  }
}

import type { ToolsContainer } from "./toolsContainer";

/** Whether trees were touched since an earlier look at them, without opening a file. */

/**
 * The root's `lost+found` belongs to the file system, as in a manifest; see images/tools/lib/listing.mjs. The
 * kernel's clock for files moves in steps of up to 10 ms: what changed in the last 0.1 s may change again
 * without another time, so that nothing is printed for such a tree.
 */
const STAMPS = `
sleep "$1"
shift
stamp() {
  cd "$1"
  local before=$(($(date +%s%N) - 100000000)) stamp new
  stamp=$(find . -xdev -path './lost+found' -prune -o -printf '%i:%C@ %P\\0' |
    LC_ALL=C sort --zero-terminated --buffer-size=64M --field-separator=' ' --key=2 | sha256sum)
  new=$(find . -xdev -path './lost+found' -prune -o -newerct "@\${before::-9}.\${before: -9}" -print -quit)
  [[ -n $new ]] || echo "$1 \${stamp%% *}"
}
for root; do
  stamp "$root" &
  running+=($!)
done
for one in "\${running[@]}"; do wait "$one"; done`;

/**
 * The stamps of trees, by their roots: the same as long as nothing in a tree was written or renamed and no attribute
 * was set, since each of these gives an inode another time of change, or a path another inode.
 *
 * They hold on this host alone. A tree that was touched in the 0.1 s before has none: `wait` is for how long nothing
 * is done first, in seconds. Throws ToolFailed.
 */
export async function stampsOf(
  tools: ToolsContainer,
  roots: readonly string[],
  wait = 0,
): Promise<Map<string, string>> {
  const program = ["bash", "-euo", "pipefail", "-c", STAMPS, "bash"];
  const { stdout } = await tools.run([...program, String(wait), ...roots]);
  const lines = stdout.split("\n").filter((line) => line !== "");
  return new Map(lines.map((line) => line.split(" ") as [string, string]));
}

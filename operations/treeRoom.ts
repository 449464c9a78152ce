import { type Room, roomProblem } from "../checks/transferText";
import { Failure } from "./failure";
import type { ToolsContainer } from "./toolsContainer";
import { copyTree } from "./treeCopy";

/** What is there in a tree, and whether another one fits beside it. */

/** Whether a tree holds anything but what a new file system holds. */
export async function isEmpty(tools: ToolsContainer, root: string): Promise<boolean> {
  const { stdout } = await tools.run([
    "find",
    root,
    ...["-mindepth", "1", "-maxdepth", "1", "!", "-name", "lost+found", "-printf", "x", "-quit"],
  ]);
  return stdout === "";
}

/** Makes a tree what an empty folder is: what is new in it would inherit from what its root has. */
export async function emptyTree(tools: ToolsContainer, root: string): Promise<void> {
  const nothing = "/tmp/nothing";
  await tools.run(["mkdir", "--parents", nothing]);
  await copyTree(tools, { from: nothing, to: root });
}

/** What there is in a tree; a file of several names once. */
export interface Needs {
  /** On the disk. */
  readonly bytes: number;
  readonly files: number;
  /** Of the files as they are read: more than `bytes` with holes, less where each fills up its last block. */
  readonly apparent: number;
}

/** What a tree takes on a disk. */
export async function needsOf(tools: ToolsContainer, root: string): Promise<Needs> {
  const script = `
    for what in --block-size=1 --inodes --bytes; do
      du --summarize --one-file-system "$what" "$1" | cut -f 1
    done`;
  const [bytes, files, apparent] = (await numbers(tools, script, root)) as [number, number, number];
  return { bytes, files, apparent };
}

/** Throws a {@link Failure} unless the file system of `root` has room for that. */
export async function requireRoom(
  tools: ToolsContainer,
  root: string,
  needed: Room["needed"],
): Promise<void> {
  const script = `df --block-size=1 --output=avail,iavail,itotal,size "$1" | tail --lines=1`;
  const [bytes, files, allFiles, size] = (await numbers(tools, script, root)) as Disk;
  const problem = roomProblem({
    needed,
    free: { bytes, files: allFiles > 0 ? files : undefined },
    size,
  });
  if (problem === undefined) return;
  throw new Failure("preflight", `The data does not fit: ${problem}.`, {
    fix: "make room there, or choose a target on a larger disk",
  });
}

type Disk = [number, number, number, number];

async function numbers(tools: ToolsContainer, script: string, root: string): Promise<number[]> {
  const { stdout } = await tools.run(["bash", "-euo", "pipefail", "-c", script, "bash", root]);
  return stdout.trim().split(/\s+/).map(Number);
}

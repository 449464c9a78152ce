import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { type ManifestEnd, ManifestError, parseLine } from "../checks/manifest";
import { compareManifests, type Difference } from "../checks/manifestCompare";
import { type Snapshot, shortId } from "../checks/snapshots";
import { workText } from "../checks/transferText";
import { VOLATILE_PATHS } from "../checks/volatilePaths";
import { Failure } from "./failure";
import { createManifest, manifestEntries } from "./manifest";
import { DATA, type SnapshotRepository } from "./snapshotRepository";
import type { SnapshotTask } from "./snapshotRun";
import type { ToolsContainer } from "./toolsContainer";

/** The manifests of snapshots: made, read and compared. */

/** Makes a manifest with its progress on display. */
export async function describeTree(
  { observer }: Pick<SnapshotTask, "observer">,
  tools: ToolsContainer,
  phase: string,
  options: Omit<Parameters<typeof createManifest>[1], "root"> & { readonly root?: string },
) {
  const began = Date.now();
  let done = { entries: 0, bytes: 0 };
  observer.enter(phase, () =>
    workText({ bytes: done.bytes, files: done.entries, elapsed: Date.now() - began }),
  );
  return createManifest(tools, {
    root: DATA,
    ...options,
    onProgress: (now) => {
      done = now;
    },
  });
}

/** How many differences a message shows. */
const SHOWN = 10;

/**
 * What differs between two manifests: of all that counts, and not of what a running editor keeps changing.
 *
 * A socket that is missing is no loss: without the program that made it, it is nothing, and restic leaves
 * it out.
 */
export async function findDifferences(expected: string, found: string): Promise<Difference[]> {
  const differences: Difference[] = [];
  const all = compareManifests(manifestEntries(expected), manifestEntries(found), VOLATILE_PATHS);
  for await (const one of all) {
    if (!(one.kind === "missing" && one.expected === "socket")) differences.push(one);
  }
  return differences;
}

/** The first of them as lines for people. */
export function describeDifferences(differences: readonly Difference[]): string[] {
  const lines = differences.slice(0, SHOWN).map(({ path, kind, expected, found }) => {
    if (kind === "missing") return `${path}: missing, a ${expected}`;
    if (kind === "extra") return `${path}: was not there before, a ${found}`;
    return `${path}: ${kind} is ${found}, not ${expected}`;
  });
  const more = differences.length - lines.length;
  return more > 0 ? [...lines, `and ${more} more`] : lines;
}

/** Writes the manifest of a snapshot to `file`, and throws a {@link Failure} unless it is the one that the snapshot was made with. */
export async function readVerifiedManifest(
  repository: SnapshotRepository,
  snapshot: Snapshot,
  file: string,
): Promise<void> {
  await repository.readManifest(snapshot.id, file);
  const problem = await manifestProblem(file, snapshot);
  if (problem === undefined) return;
  throw new Failure("data", `The manifest of the snapshot ${shortId(snapshot.id)} ${problem}.`, {
    fix: "do not rely on this snapshot; choose another one",
  });
}

async function manifestProblem(file: string, { manifest }: Snapshot): Promise<string | undefined> {
  try {
    // Reading to the end is the check.
    for await (const _line of manifestEntries(file));
  } catch (error) {
    if (error instanceof ManifestError) return error.message;
    throw error;
  }
  const { digest } = await lastLine(file);
  return digest === manifest ? undefined : "is another one than it was made with";
}

async function lastLine(file: string): Promise<ManifestEnd> {
  let last = "";
  for await (const line of createInterface({ input: createReadStream(file) })) last = line;
  return parseLine(last) as ManifestEnd;
}

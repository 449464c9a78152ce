import { join } from "node:path";
import type { ManifestEnd } from "../checks/manifest";
import { pathBytes } from "../checks/manifest";
import type { Difference } from "../checks/manifestCompare";
import { isBeyondRestic, type Snapshot, shortId } from "../checks/snapshots";
import { Failure } from "./failure";
import { type CreateRequest, createSnapshot } from "./snapshotCreate";
import {
  describeDifferences,
  describeTree,
  findDifferences,
  readVerifiedManifest,
} from "./snapshotManifest";
import { dataMount, makeRestoreVolume, runningWith } from "./snapshotPlaces";
import { DATA, type SnapshotRepository } from "./snapshotRepository";
import { type SnapshotRun, withRepository, withTools } from "./snapshotRun";
import { type ToolsContainer, WRITING } from "./toolsContainer";
import { copyContents, copyTree } from "./treeCopy";
import { whileStopped } from "./writers";

export interface RestoredVolume {
  /** Holds exactly what the manifest says. */
  readonly volume: string;
  readonly manifest: ManifestEnd;
  /** The snapshot's manifest, in the run's folder. */
  readonly manifestFile: string;
}

/**
 * Restores a snapshot into a fresh volume and proves it by its manifest; data is never restored over.
 *
 * A volume that is not proven is removed. Throws a {@link Failure} with what differs.
 */
export async function restoreSnapshot(
  run: SnapshotRun,
  snapshot: Snapshot,
): Promise<RestoredVolume> {
  const { docker, stack } = run;
  const volume = await makeRestoreVolume(docker, stack, snapshot.instance);
  const mount = { kind: "volume", from: volume, at: DATA, readOnly: false } as const;
  try {
    return await withRepository(run, [mount], WRITING, async (repository, tools) => ({
      volume,
      ...(await restoreProven(run, snapshot, repository, tools)),
    }));
  } catch (error) {
    await docker.getVolume(volume).remove();
    throw error;
  }
}

async function restoreProven(
  run: SnapshotRun,
  snapshot: Snapshot,
  repository: SnapshotRepository,
  tools: ToolsContainer,
): Promise<Omit<RestoredVolume, "volume">> {
  const expected = join(run.folder, "expected.jsonl");
  const restored = join(run.folder, "restored.jsonl");
  await readVerifiedManifest(repository, snapshot, expected);
  run.observer.enter(`restoring ${shortId(snapshot.id)} into a fresh volume`);
  await repository.restore(snapshot.id);
  await tools.run(["sync", "--file-system", DATA]);
  const compare = async () => {
    const phase = "comparing with the manifest";
    const manifest = await describeTree(run, tools, phase, { file: restored });
    return { manifest, differences: await findDifferences(expected, restored) };
  };
  let { manifest, differences } = await compare();
  if (await setDistantTimes(tools, differences)) ({ manifest, differences } = await compare());
  if (differences.length === 0) return { manifest, manifestFile: expected };
  throw new Failure("data", `The snapshot ${shortId(snapshot.id)} did not come back as it was:`, {
    problems: describeDifferences(differences),
    fix: `npx doom snapshot verify ${run.stack} says whether the repository is damaged`,
  });
}

/** Gives times that restic cannot set back to what has them; whether there were any. */
async function setDistantTimes(
  tools: ToolsContainer,
  differences: readonly Difference[],
): Promise<boolean> {
  const distant = differences.filter(
    ({ kind, expected }) => kind === "mtime" && isBeyondRestic(expected ?? ""),
  );
  if (distant.length === 0) return false;
  const input = distant.map(({ path, expected = "" }) => {
    const time = `@${expected.slice(0, -9)}.${expected.slice(-9)}`;
    return Buffer.from(`${time}\0${DATA}/${pathBytes(path)}\0`, "latin1");
  });
  const touch = 'touch --no-dereference --date="$0" -- "$1"';
  await tools.run(["xargs", "--null", "--max-args=2", "sh", "-c", touch], {
    input: (async function* () {
      yield* input;
    })(),
  });
  return true;
}

const RESTORED = "/restored";
const LIVE = "/live";
const TREES = { from: RESTORED, to: LIVE };

/**
 * Makes an editor's data equal to a restored volume, and removes that volume.
 *
 * Docker cannot rename a volume, and an editor's keeps its name for life: so the data is copied. The editor
 * is stopped meanwhile and started again whatever happens; what it had is kept as a snapshot, which is
 * given. Interrupted, both snapshots are still there and the same command finishes. Throws a {@link Failure}.
 */
export async function switchToRestored(
  run: SnapshotRun,
  { volume, manifestFile }: RestoredVolume,
  request: Omit<CreateRequest, "stop" | "replaced" | "confirmShrunken">,
): Promise<Snapshot> {
  const { project, docker, stack, observer } = run;
  const source = { kind: "volume", from: volume, at: RESTORED, readOnly: true } as const;
  try {
    const live = await dataMount(docker, stack, request.instance, { at: LIVE, readOnly: false });
    const writers = await runningWith(docker, live.from);
    return await whileStopped(project, docker, writers, async () => {
      const kept = await createSnapshot(run, {
        ...request,
        stop: false,
        replaced: true,
        confirmShrunken: true,
      });
      observer.line(`what the editor had is kept as the snapshot ${shortId(kept.id)}`);
      await withTools(run, [source, live], WRITING, (tools) =>
        copyProven(run, tools, manifestFile),
      );
      return kept;
    });
  } finally {
    // The snapshot that it came from is still there.
    await docker.getVolume(volume).remove();
  }
}

async function copyProven(
  run: SnapshotRun,
  tools: ToolsContainer,
  expected: string,
): Promise<void> {
  run.observer.enter("copying into the editor's volume");
  await copyTree(tools, TREES);
  let differences = await compareLive(run, tools, expected);
  const contents = differences.filter(({ kind }) => kind === "content");
  if (contents.length > 0) {
    // Nothing but reading tells a change that left size and time alone.
    const paths = contents.map(({ path }) => Buffer.from(pathBytes(path), "latin1"));
    await copyContents(tools, TREES, paths);
    differences = await compareLive(run, tools, expected);
  }
  await tools.run(["sync", "--file-system", LIVE]);
  if (differences.length === 0) return;
  throw new Failure("data", "The editor's volume is not what was restored:", {
    problems: describeDifferences(differences),
    fix: "see whether something else writes to it, and run the command again",
  });
}

async function compareLive(
  run: SnapshotRun,
  tools: ToolsContainer,
  expected: string,
): Promise<Difference[]> {
  const file = join(run.folder, "live.jsonl");
  await describeTree(run, tools, "comparing with the manifest", { root: LIVE, file });
  return findDifferences(expected, file);
}

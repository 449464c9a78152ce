import { latestOf, type Snapshot, withId } from "../checks/snapshots";
import { dockerName } from "../config/names";
import { connectDocker } from "./dockerHost";
import { Failure } from "./failure";
import { repositoryMount } from "./snapshotPlaces";
import { SnapshotRepository } from "./snapshotRepository";
import { type SnapshotRun, type SnapshotTask, withRepository, withTools } from "./snapshotRun";
import { READING } from "./toolsContainer";

/** Looking at the snapshots of an environment, and removing old ones. */

/**
 * The proven snapshots of an environment, the newest first.
 *
 * Needs no lock: what another run is making does not count yet. Throws a {@link Failure}.
 */
export async function listSnapshots(task: SnapshotTask): Promise<readonly Snapshot[]> {
  const docker = await connectDocker();
  const name = dockerName(task.stack, "snapshots");
  const { Volumes } = await docker.listVolumes({ filters: { name: [name] } });
  // Looking makes nothing.
  if (!Volumes.some(({ Name }) => Name === name)) return [];
  const mount = await repositoryMount(docker, task.stack);
  return withTools(task, [{ ...mount, readOnly: true }], READING, async (tools) => {
    const repository = await SnapshotRepository.look(tools, task);
    return repository === undefined ? [] : (await repository.list()).complete;
  });
}

/** The snapshot that the user means by `latest` or the beginning of an ID. Throws a {@link Failure}. */
export function chooseSnapshot(
  stack: string,
  complete: readonly Snapshot[],
  wanted: string,
  instance: number,
): Snapshot {
  const latest = latestOf(complete, instance);
  const found = wanted === "latest" ? (latest ? [latest] : []) : withId(complete, wanted);
  if (found[0] !== undefined && found.length === 1) return found[0];
  const summary =
    wanted === "latest"
      ? `There is no snapshot of editor ${instance} of ${stack}.`
      : `${found.length === 0 ? "No snapshot" : "More than one snapshot"} of ${stack} is called ${JSON.stringify(wanted)}.`;
  throw new Failure("usage", summary, { fix: `npx doom snapshot list ${stack} shows them` });
}

export interface PruneResult {
  /** Beginnings of the IDs that are gone. */
  readonly removed: readonly string[];
  readonly kept: readonly Snapshot[];
}

/**
 * Removes what retention does not keep: the last snapshot of 7 days, 4 weeks and 12 months, each editor's.
 *
 * The repository is the environment's own, so that nothing of another one is in reach.
 */
export async function pruneSnapshots(run: SnapshotRun): Promise<PruneResult> {
  return withRepository(run, [], READING, async (repository) => {
    await repository.forget((await repository.list()).remains);
    run.observer.enter("removing old snapshots and what only they needed");
    const removed = await repository.prune();
    return { removed, kept: (await repository.list()).complete };
  });
}

import { join } from "node:path";
import type { Snapshot } from "../checks/snapshots";
import { Failure } from "./failure";
import { readVerifiedManifest } from "./snapshotManifest";
import { type SnapshotRun, withRepository } from "./snapshotRun";
import { READING } from "./toolsContainer";

/**
 * Reads the whole repository and the manifest of every snapshot. Gives the proven snapshots.
 *
 * Throws a {@link Failure} with everything that is damaged.
 */
export async function verifySnapshots(run: SnapshotRun): Promise<readonly Snapshot[]> {
  return withRepository(run, [], READING, async (repository) => {
    const { complete } = await repository.list();
    run.observer.enter("reading the whole repository");
    const problems = await repository.check();
    run.observer.enter("reading the manifests");
    for (const snapshot of problems.length > 0 ? [] : complete) {
      await readVerifiedManifest(repository, snapshot, join(run.folder, "expected.jsonl"));
    }
    if (problems.length === 0) return complete;
    throw new Failure("data", `The snapshots of ${run.stack} are damaged:`, {
      problems: problems.slice(-10),
      fix: `make a new one now: npx doom snapshot create ${run.stack}; then see docs/snapshots.md on damage`,
    });
  });
}

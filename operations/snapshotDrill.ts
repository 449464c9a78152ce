import { join } from "node:path";
import type { ManifestEnd } from "../checks/manifest";
import { type Snapshot, shortId } from "../checks/snapshots";
import { writeDurably } from "./durableFile";
import { Failure } from "./failure";
import { recordFolder } from "./snapshotPlaces";
import { restoreSnapshot } from "./snapshotRestore";
import type { SnapshotRun } from "./snapshotRun";

/** The evidence of a drill, as its file holds it. */
export interface Drill {
  readonly snapshot: Snapshot;
  readonly startedAt: string;
  readonly seconds: number;
  readonly result: "restored and equal" | "failed";
  /** Of what was restored. */
  readonly manifest?: ManifestEnd;
  readonly problems?: readonly string[];
}

/**
 * Restores a snapshot into a scratch volume, compares it, removes it, and writes down how that went.
 *
 * Gives the evidence and its file. Throws the {@link Failure} of the restore, after it was recorded.
 */
export async function drill(
  run: SnapshotRun,
  snapshot: Snapshot,
): Promise<{ evidence: Drill; file: string }> {
  const began = new Date();
  const record = (rest: Pick<Drill, "result" | "manifest" | "problems">) => {
    const startedAt = began.toISOString();
    const seconds = (Date.now() - began.getTime()) / 1000;
    const evidence = { snapshot, startedAt, seconds, ...rest };
    const name = `${startedAt.replaceAll(":", "-")}-${shortId(snapshot.id)}.json`;
    const file = join(recordFolder(run.project, run.stack), "drills", name);
    writeDurably(file, `${JSON.stringify(evidence, null, 2)}\n`);
    return { evidence, file };
  };
  try {
    const { volume, manifest } = await restoreSnapshot(run, snapshot);
    await run.docker.getVolume(volume).remove();
    return record({ result: "restored and equal", manifest });
  } catch (error) {
    if (error instanceof Failure && error.kind === "data") {
      record({ result: "failed", problems: [error.summary, ...error.problems] });
    }
    throw error;
  }
}

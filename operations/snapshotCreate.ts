import { join } from "node:path";
import type { Difference } from "../checks/manifestCompare";
import { latestOf, type Snapshot, type SnapshotFacts, shrinkProblem } from "../checks/snapshots";
import { workText } from "../checks/transferText";
import { Failure } from "./failure";
import { describeDifferences, describeTree, findDifferences } from "./snapshotManifest";
import { dataMount, runningWith } from "./snapshotPlaces";
import type { SnapshotRepository } from "./snapshotRepository";
import { type SnapshotRun, withRepository } from "./snapshotRun";
import { READING, type ToolsContainer } from "./toolsContainer";
import { whileStopped } from "./writers";

export interface CreateRequest
  extends Pick<SnapshotFacts, "instance" | "image" | "configuration" | "replaced"> {
  /** Whether what runs with the data is stopped meanwhile. */
  readonly stop: boolean;
  /** Whether data that is empty or much smaller than before is to be the latest snapshot. */
  readonly confirmShrunken: boolean;
}

/** How often a copy is tried while the data changes under it. */
const ATTEMPTS = 3;

/**
 * Makes a snapshot of the data of one editor that provably holds what its manifest says.
 *
 * The manifest is made before and after copying; while the two differ, the copy may hold half of a change
 * and is made again. It counts only once it is proven: interrupted at any moment, nothing is listed.
 * Throws a {@link Failure} when the data keeps changing, or is suspiciously small.
 */
export async function createSnapshot(run: SnapshotRun, request: CreateRequest): Promise<Snapshot> {
  const { project, docker, stack } = run;
  const mount = await dataMount(docker, stack, request.instance);
  const writers = request.stop ? await runningWith(docker, mount.from) : [];
  return withRepository(run, [mount], READING, async (repository, tools) => {
    const { complete, remains } = await repository.list();
    await repository.forget(remains);
    const creation = new Creation(run, request, repository, tools, complete);
    return whileStopped(project, docker, writers, () => creation.run());
  });
}

/** One snapshot, in its container. */
class Creation {
  private readonly before: string;
  private readonly after: string;

  constructor(
    private readonly task: SnapshotRun,
    private readonly request: CreateRequest,
    private readonly repository: SnapshotRepository,
    private readonly tools: ToolsContainer,
    private readonly earlier: readonly Snapshot[],
  ) {
    this.before = join(task.folder, "before.jsonl");
    this.after = join(task.folder, "after.jsonl");
  }

  async run(): Promise<Snapshot> {
    let changes: readonly Difference[] = [];
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const facts = await this.describe(attempt > 1);
      this.refuseShrunken(facts);
      const { id, vanished } = await this.copy(facts);
      changes = await this.changesMeanwhile();
      if (changes.length === 0 && !vanished) return this.repository.confirm(id, this.earlier);
      await this.repository.forget([id]);
      const first = changes[0]?.path ?? "a file";
      this.task.observer.line(`${first} changed while it was copied (${attempt} of ${ATTEMPTS})`);
    }
    throw this.keepsChanging(changes);
  }

  private keepsChanging(changes: readonly Difference[]): Failure {
    const { stack } = this.task;
    return new Failure("data", `The data of ${stack} kept changing while it was copied:`, {
      problems: describeDifferences(changes),
      fix: this.request.stop
        ? "see what else writes to it, and run the command again"
        : `npx doom snapshot create ${stack} --stop`,
    });
  }

  private async describe(again: boolean): Promise<SnapshotFacts> {
    const { instance, image, configuration, replaced } = this.request;
    const { entries, bytes, digest } = await describeTree(
      this.task,
      this.tools,
      "reading the data",
      {
        file: this.before,
        live: this.isLive,
        ...(again ? { earlier: this.after } : {}),
      },
    );
    const { stack } = this.task;
    const facts = { stack, instance, image, configuration, replaced };
    return { ...facts, manifest: digest, entries, bytes };
  }

  private get isLive(): boolean {
    return !this.request.stop && !this.request.replaced;
  }

  private refuseShrunken(facts: SnapshotFacts): void {
    const { confirmShrunken, replaced, instance } = this.request;
    // What a restore replaces is saved whatever it is, and never the latest.
    if (confirmShrunken || replaced) return;
    const problem = shrinkProblem(facts, latestOf(this.earlier, instance));
    if (problem === undefined) return;
    throw new Failure("data", `No snapshot was made of editor ${instance}'s data: ${problem}.`, {
      fix: `see whether something was lost; if not, add --confirm-shrunken`,
    });
  }

  private async copy(facts: SnapshotFacts) {
    const began = Date.now();
    let done = { bytes: 0, files: 0 };
    this.task.observer.enter("copying the data", () => {
      const fraction = facts.bytes > 0 ? Math.min(1, done.bytes / facts.bytes) : 1;
      return workText({ ...done, fraction, elapsed: Date.now() - began });
    });
    return this.repository.backUp(facts, this.before, (bytes, files) => {
      done = { bytes, files };
    });
  }

  private async changesMeanwhile(): Promise<Difference[]> {
    await describeTree(this.task, this.tools, "looking for changes meanwhile", {
      file: this.after,
      earlier: this.before,
      live: this.isLive,
    });
    return findDifferences(this.before, this.after);
  }
}

import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type Docker from "dockerode";
import { connectDocker, dockerFailure } from "./dockerHost";
import { Failure } from "./failure";
import { clearStaleLocks, withLock } from "./locks";
import type { Project } from "./project";
import { recordFolder, repositoryMount } from "./snapshotPlaces";
import { SnapshotRepository } from "./snapshotRepository";
import {
  ToolFailed,
  type ToolsContainer,
  type ToolsMount,
  withToolsContainer,
} from "./toolsContainer";
import { resumeWriters } from "./writers";

/** What every operation on snapshots works with. */

/** Told what goes on; `cli/display.ts` shows it. */
export interface Observer {
  /** A phase begins; `detail` says at any moment how far it is. */
  enter(phase: string, detail?: () => string): void;
  /** Something that the user should read. */
  line(text: string): void;
}

export interface SnapshotTask {
  readonly project: Project;
  readonly stack: string;
  /** Opens the repository. */
  readonly password: string;
  readonly observer: Observer;
  /** Ends the work, which then puts back what it has changed. */
  readonly signal?: AbortSignal;
}

export interface SnapshotRun extends SnapshotTask {
  readonly docker: Docker;
  /** For manifests; empty at the beginning and gone afterwards. */
  readonly folder: string;
}

/** Stopping an editor may take its time; silence beyond it is a fault. */
const TIMEOUT_MS = 120_000;

/**
 * Does `work` while nobody else works on the stack, after what killed runs left has been set right.
 *
 * Throws what `work` throws, and a {@link Failure} when another run holds the stack or Docker does not
 * answer.
 */
export async function runAlone<T>(
  task: SnapshotTask,
  work: (run: SnapshotRun) => Promise<T>,
): Promise<T> {
  const { project, stack, observer } = task;
  for (const note of clearStaleLocks(project, stack)) observer.line(note);
  return withLock(project, stack, async () => {
    const docker = await connectDocker(TIMEOUT_MS);
    const folder = join(recordFolder(project, stack), "work");
    // Nobody else holds the stack: what is in there is a killed run's.
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    try {
      for (const note of await resumeWriters(project, docker)) observer.line(note);
      return await work({ ...task, docker, folder });
    } catch (error) {
      throw (error as { statusCode?: number }).statusCode === undefined
        ? error
        : dockerFailure(error);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

/** Does `work` with the repository in a tools container that has `mounts` besides. */
export async function withRepository<T>(
  run: Omit<SnapshotRun, "folder">,
  mounts: readonly ToolsMount[],
  capabilities: readonly string[],
  work: (repository: SnapshotRepository, tools: ToolsContainer) => Promise<T>,
): Promise<T> {
  const mount = await repositoryMount(run.docker, run.stack);
  return withTools(run, [mount, ...mounts], capabilities, async (tools) => {
    run.observer.enter("opening the snapshots");
    return work(await SnapshotRepository.open(tools, run), tools);
  });
}

/** Does `work` in a tools container; a program that fails in there is explained. */
export async function withTools<T>(
  { stack, observer, signal }: Omit<SnapshotTask, "password">,
  mounts: readonly ToolsMount[],
  capabilities: readonly string[],
  work: (tools: ToolsContainer) => Promise<T>,
): Promise<T> {
  try {
    return await withToolsContainer(
      {
        stack,
        mounts,
        capabilities,
        report: (step) => observer.enter("building the image of the tools", () => step),
        ...(signal === undefined ? {} : { signal }),
      },
      work,
    );
  } catch (error) {
    if (!(error instanceof ToolFailed)) throw error;
    throw new Failure("data", `Working on the data of ${stack} failed:`, {
      problems: error.message.split("\n").slice(-5),
      fix: "put that right and run the command again",
    });
  }
}

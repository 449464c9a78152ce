import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type Docker from "dockerode";
import { dockerFailure, isDockerError } from "./dockerHost";
import { removeStaleDrafts, writeDurably } from "./durableFile";
import { errorCode, errorText, Failure } from "./failure";
import { judgeLockText, ownLock } from "./locks";
import type { Project } from "./project";

/**
 * Containers that are stopped while their data is copied, and started again whatever happens: at the end
 * of the work, or, when that was killed, at the beginning of the next.
 *
 * A note in the state folder says who has to be started. It is there before the first one is stopped,
 * and goes only once all of them run.
 */

export interface Writer {
  readonly id: string;
  readonly name: string;
}

interface Note {
  /** A lock's text: who stopped them. */
  readonly owner: string;
  readonly writers: readonly Writer[];
}

const folderOf = (project: Project) => join(project.stateFolder, "migrations", "stopped");

/**
 * Does `work` while `writers` are stopped, and starts them again.
 *
 * Throws what `work` throws; a {@link Failure} when one cannot be stopped, or not be started again.
 */
export async function whileStopped<T>(
  project: Project,
  docker: Docker,
  writers: readonly Writer[],
  work: () => Promise<T>,
): Promise<T> {
  if (writers.length === 0) return work();
  const note = join(folderOf(project), `${randomUUID()}.json`);
  writeDurably(note, JSON.stringify({ owner: JSON.stringify(ownLock()), writers } satisfies Note));
  let result: T;
  try {
    await Promise.all(writers.map((writer) => stop(docker, writer)));
    result = await work();
  } catch (error) {
    await startAll(docker, writers, note).catch((second: Error) => {
      const reason = isDockerError(error) ? dockerFailure(error) : error;
      throw new Failure("update", reason instanceof Failure ? reason.summary : errorText(reason), {
        problems: [...(reason instanceof Failure ? reason.problems : []), second.message],
      });
    });
    throw error;
  }
  await startAll(docker, writers, note);
  return result;
}

async function stop(docker: Docker, { id, name }: Writer): Promise<void> {
  try {
    await docker.getContainer(id).stop();
  } catch (error) {
    // Already stopped, by itself or by its user; it ran when it was chosen.
    if ((error as { statusCode?: number }).statusCode === 304) return;
    throw new Failure("update", `The container ${name} cannot be stopped: ${errorText(error)}.`, {
      fix: `see what it does: docker logs ${name}`,
    });
  }
}

async function startAll(docker: Docker, writers: readonly Writer[], note: string): Promise<void> {
  const problems = (await Promise.all(writers.map((writer) => start(docker, writer)))).flat();
  if (problems.length > 0) {
    throw new Failure("update", "Not all containers that were stopped run again:", {
      problems,
      fix: "put that right and start them: docker start NAME; the next migration tries it, too",
    });
  }
  rmSync(note, { force: true });
}

/** A sentence when it does not run afterwards; a container that somebody has removed is nobody's loss. */
async function start(docker: Docker, { id, name }: Writer): Promise<string[]> {
  const container = docker.getContainer(id);
  try {
    await container.start();
    const { State } = await container.inspect();
    return State.Running ? [] : [`${name} ended at once with code ${State.ExitCode}`];
  } catch (error) {
    const status = (error as { statusCode?: number }).statusCode;
    if (status === 304 || status === 404) return [];
    return [`${name}: ${status === undefined ? dockerFailure(error).summary : errorText(error)}`];
  }
}

/**
 * Starts what killed runs have left stopped, and gives a sentence for each.
 *
 * What a run that still lives has stopped is left to it. Throws a {@link Failure} when one cannot be
 * started.
 */
export async function resumeWriters(project: Project, docker: Docker): Promise<string[]> {
  removeStaleDrafts(folderOf(project));
  const notes = listNotes(folderOf(project)).map((path) => ({ path, note: readNote(path) }));
  const left = notes.filter(({ note }) => note && judgeLockText(note.owner).kind !== "live");
  for (const { path, note } of left) await startAll(docker, (note as Note).writers, path);
  return left.flatMap(({ note }) =>
    (note as Note).writers.map(
      ({ name }) => `started ${name}, which an interrupted migration had stopped`,
    ),
  );
}

function listNotes(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(".json"))
      .map((name) => join(folder, name));
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}

/** Undefined when the run that it belongs to has just ended. */
function readNote(path: string): Note | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Note;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

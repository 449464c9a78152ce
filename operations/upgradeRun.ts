import { setTimeout as wait } from "node:timers/promises";
import type Docker from "dockerode";
import { judgeState } from "../checks/containerState";
import { dockerLabels, type UpgradeRole } from "../config/names";
import type { EnvironmentConfig } from "../config/schema";
import { lastLogLines } from "./containerLog";
import { dockerFailure, isDockerLost } from "./dockerHost";
import { errorText, Failure } from "./failure";
import { ownLock } from "./locks";
import type { Observer } from "./migrationContainer";
import type { Project } from "./project";
import { runningWith } from "./snapshotPlaces";
import {
  OWNER,
  type ToolsContainer,
  type ToolsMount,
  WRITING,
  withToolsContainer,
} from "./toolsContainer";
import { COPY, LIVE, UpgradeData } from "./upgradeData";
import { imageText } from "./upgradeImages";
import { type Journal, journalFolder, type Stage, writeJournal } from "./upgradeJournal";
import { type Unit, unitContainer, unitName, unitsOf, unitVolume } from "./upgradeServices";

/** One run of the gate of one container, and what its stages have in common. */

export interface GateRun extends Unit {
  readonly project: Project;
  readonly docker: Docker;
  readonly stack: string;
  /** Content address of the image that the container is to have. */
  readonly image: string;
  readonly attempt: number;
  readonly environment: EnvironmentConfig;
  readonly observer: Observer;
  readonly signal: AbortSignal;
}

/** The container of that name or ID; undefined when there is none. */
export async function inspectContainer(
  docker: Docker,
  name: string | undefined,
): Promise<Docker.ContainerInspectInfo | undefined> {
  if (name === undefined) return undefined;
  try {
    return await docker.getContainer(name).inspect();
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}

/** Puts a journal on disk, in its next stage. */
export function enterStage(run: GateRun, journal: Journal, stage: Stage): Journal {
  const next = { ...journal, stage };
  writeJournal(run.project, run.stack, unitName(run), next);
  return next;
}

/** Makes a volume of the upgrade's; one that is there already is taken as it is. */
export async function ensureVolume(run: GateRun, role: UpgradeRole, name: string): Promise<void> {
  const labels = dockerLabels(run.stack, role, run.instance);
  const own = role === "rehearsal" ? { [OWNER]: JSON.stringify(ownLock()) } : {};
  await run.docker.createVolume({ Name: name, Labels: { ...labels, ...own } });
}

/** Removes volumes of the upgrade's; those that are gone are fine. */
export async function removeVolumes(docker: Docker, names: readonly string[]): Promise<void> {
  for (const name of names) {
    try {
      await docker.getVolume(name).remove();
    } catch (error) {
      if ((error as { statusCode?: number }).statusCode !== 404) throw error;
    }
  }
}

/** Does `work` on the data and on volumes of the upgrade's, in a tools container. */
export function withData<T>(
  run: GateRun,
  mounts: readonly ToolsMount[],
  work: (data: UpgradeData, tools: ToolsContainer) => Promise<T>,
  options: { readonly writesLive?: boolean; readonly signal?: AbortSignal } = {},
): Promise<T> {
  const { stack, project, observer } = run;
  const live = unitVolume(stack, run);
  const { writesLive = false, signal } = options;
  return withToolsContainer(
    {
      stack,
      mounts: [{ kind: "volume", from: live, at: LIVE, readOnly: !writesLive }, ...mounts],
      capabilities: WRITING,
      report: (step) => observer.enter(`building the image of the tools: ${step}`),
      ...(signal === undefined ? {} : { signal }),
    },
    (tools) =>
      work(
        new UpgradeData(tools, journalFolder(project, stack, unitName(run)), run.service, observer),
        tools,
      ),
  );
}

/** A volume as one that the tools container mounts. */
export function volumeAt(from: string, at: string, readOnly = false): ToolsMount {
  return { kind: "volume", from, at, readOnly };
}

/** Stops a container; it may have ended by itself or be gone. */
export async function stopContainer({ docker }: GateRun, id: string): Promise<void> {
  try {
    await docker.getContainer(id).stop({ t: STOP_SECONDS });
  } catch (error) {
    const status = (error as { statusCode?: number }).statusCode;
    if (status !== 304 && status !== 404) throw error;
  }
}

/** As components/codeServer.ts has it: editors write their state when they are told to stop. */
const STOP_SECONDS = 20;
const HEALTHY_MS = 90_000;
/** How long a Docker that is being started anew may be away, and how long before that it may still answer. */
const DOCKER_MS = 45_000;
const STOPPING_MS = 20_000;
const POLL_MS = 250;
const LOG_LINES = 20;

/**
 * The other containers of the environment that use the data now, by name.
 *
 * An agent that shares an editor's files would write into what is being copied for the last time.
 */
export async function otherUsers(run: GateRun): Promise<string[]> {
  const { docker, stack } = run;
  const others = unitsOf(run.environment).map((unit) => unitContainer(stack, unit));
  const users = await runningWith(docker, unitVolume(stack, run));
  const own = unitContainer(stack, run);
  return users.map(({ name }) => name).filter((name) => name !== own && others.includes(name));
}

/** Starts those again that were stopped for it; one that has gone meanwhile is not missed. */
export async function startOthers({ docker }: GateRun, { others = [] }: Journal): Promise<void> {
  for (const name of others) {
    try {
      await docker.getContainer(name).start();
    } catch (error) {
      const status = (error as { statusCode?: number }).statusCode;
      if (status !== 304 && status !== 404) throw error;
    }
  }
}

/** Starts the old container again, when it ran before, and waits until it serves. Throws a {@link Failure}. */
export async function startAgain(run: GateRun, journal: Journal): Promise<void> {
  const { container } = journal;
  if (container === undefined || !container.running) return;
  const old = run.docker.getContainer(container.id);
  if ((await inspectContainer(run.docker, container.id)) === undefined) return;
  run.observer.enter(`starting ${container.name} again`);
  try {
    await old.start();
  } catch (error) {
    const { statusCode } = error as { statusCode?: number };
    // Docker has lost track of one that it was starting when it ended itself, and never starts that one again.
    if (statusCode !== undefined && statusCode >= 500)
      throw cannotStart(run, container.name, error);
    if (statusCode !== 304) throw error;
  }
  const end = Date.now() + HEALTHY_MS;
  for (let evidence = ""; ; await wait(POLL_MS)) {
    const verdict = judgeState(await old.inspect());
    if (verdict.kind === "healthy") return;
    evidence = verdict.evidence;
    if (verdict.kind !== "failed" && Date.now() < end) continue;
    throw new Failure(
      "unhealthy",
      `The container ${container.name} does not serve again: ${evidence}.`,
      {
        problems: await lastLogLines(old, LOG_LINES, []),
        fix: `see what it says: docker logs --tail 50 ${container.name}; its data is as it was`,
      },
    );
  }
}

function cannotStart({ stack }: GateRun, name: string, error: unknown): Failure {
  return new Failure("update", `Docker cannot start ${name} again: ${errorText(error)}.`, {
    fix: `once Docker is well: npx doom up ${stack}; if that says the same: docker rm -f ${name}, and npx doom up ${stack} makes it anew, with its data as it was`,
  });
}

/**
 * Takes back what an upgrade, or a way back, has done so far, and starts the old container again.
 *
 * Not for an upgrade whose new version may have been at work already. Throws a {@link Failure} when the
 * container cannot be started or its data not be restored.
 */
export async function undo(run: GateRun, journal: Journal): Promise<void> {
  const { docker, observer } = run;
  observer.enter("taking back what was done");
  if (journal.kind === "rollback" && ["restoring", "passed"].includes(journal.stage)) {
    await withData(
      run,
      [volumeAt(journal.copy, COPY, true)],
      (data) => data.restore(COPY, data.keptManifest),
      { writesLive: true },
    );
  }
  await startAgain(run, journal);
  await startOthers(run, journal);
  await removeVolumes(docker, [journal.copy]);
  enterStage(run, { ...journal, outcome: "taken back", failedAt: journal.stage }, "closed");
}

/** What a stage is called in a message. */
export const STAGE_NAMES: Readonly<Record<Stage, string>> = {
  asked: "the beginning",
  copying: "the copy of the data",
  rehearsing: "the rehearsal",
  stopping: "the cutover",
  restoring: "the restore",
  passed: "the cutover",
  closed: "the end",
};

/**
 * Does the stages of a run; when one fails, all is taken back and the failure names the stage.
 *
 * `current` gives the journal as it is at that moment.
 */
export async function orUndo<T>(
  run: GateRun,
  current: () => Journal,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const journal = current();
    const { stage, kind, to, container } = journal;
    const reason = asFailure(run.signal.aborted ? run.signal.reason : error);
    const what = kind === "upgrade" ? "The upgrade" : "The way back";
    const where = `${what} of ${run.service.title(run.instance)} to ${imageText(to)} failed at ${STAGE_NAMES[stage]}: ${reason.summary}`;
    try {
      await takeBack(run, journal);
    } catch (second) {
      throw new Failure("update", `${where} It could not be taken back yet:`, {
        problems: [...reason.problems, errorText(second)],
        fix: "put that right and run it again: what was begun is taken back first",
      });
    }
    const serves = container?.running
      ? `${container.name} serves as before`
      : "nothing was changed";
    throw new Failure(reason.kind, where, {
      problems: reason.problems,
      fix: `${serves}, its data untouched; ${reason.fix ?? "put that right, or choose another image"}`,
    });
  }
}

const TRIES = 3;

/**
 * Takes back what was done, and once more when Docker went away under that: one that is being stopped answers until
 * it is gone, and fails at what it is asked for, or stops what it has just started.
 */
async function takeBack(run: GateRun, journal: Journal): Promise<void> {
  for (let left = TRIES; ; left -= 1) {
    await untilDockerAnswers(run);
    try {
      return await undo(run, journal);
    } catch (error) {
      if (left === 1 || !(await goesAway(run))) throw error;
    }
  }
}

/** Whether Docker ceases to answer within the time that it may take to stop its containers. */
async function goesAway({ docker }: GateRun): Promise<boolean> {
  for (const end = Date.now() + STOPPING_MS; Date.now() < end; await wait(POLL_MS)) {
    try {
      await docker.ping();
    } catch {
      return true;
    }
  }
  return false;
}

/** A Docker that is started anew takes its time, and the container can only be started when it is back. */
async function untilDockerAnswers({ docker, observer }: GateRun): Promise<void> {
  const end = Date.now() + DOCKER_MS;
  for (let waited = false; ; waited = true) {
    try {
      await docker.ping();
      return;
    } catch (error) {
      if (Date.now() > end) throw dockerFailure(error);
      if (!waited) observer.enter("waiting for Docker");
      await wait(POLL_MS * 4);
    }
  }
}

function asFailure(error: unknown): Failure {
  if (isDockerLost(error)) return dockerFailure(error);
  return error instanceof Failure ? error : new Failure("update", `${errorText(error)}.`);
}

import { setTimeout as wait } from "node:timers/promises";
import type Docker from "dockerode";
import { judgeState } from "../checks/containerState";
import type { UpgradeRecord } from "../checks/upgradeRecord";
import type { EnvironmentConfig } from "../config/schema";
import { dockerFailure, isDockerLost } from "../operations/dockerHost";
import { errorText, Failure } from "../operations/failure";
import type { Project } from "../operations/project";
import { openEnvironmentSession } from "../operations/stackSession";
import { endCommand, type UpgradeCommand, writeCommand } from "../operations/upgradeCommand";
import { isOpen, readJournal } from "../operations/upgradeJournal";
import { openJournals, recordJournals } from "../operations/upgradeRecords";
import {
  askForReturn,
  planReturn,
  proveReturn,
  type Return,
} from "../operations/upgradeReturnPlan";
import { STAGE_NAMES } from "../operations/upgradeRun";
import { serviceOf, type UpgradeService, unitName } from "../operations/upgradeServices";
import { readStackText, writeStackText } from "../operations/upgradeTarget";
import { updateEnvironment } from "./commands/up";
import type { CommandContext } from "./engineRun";
import { Interruption } from "./interruption";

/** What `doom upgrade` and `doom rollback` have in common: change the file, bring up, go back, watch. */

export interface UpgradeTask {
  readonly project: Project;
  readonly docker: Docker;
  readonly stack: string;
  readonly service: UpgradeService;
  readonly environment: EnvironmentConfig;
  readonly context: CommandContext;
}

/** The same task for what a command that was cut off has begun with. */
export function taskOf(task: UpgradeTask, { service }: UpgradeCommand): UpgradeTask {
  return { ...task, service: serviceOf(service) };
}

/** Gives the stack's file this text and brings up what it says. */
export async function bringUp(
  { project, stack, context }: UpgradeTask,
  stackFile: string,
): Promise<void> {
  writeStackText(project, stack, stackFile);
  await updateEnvironment(await openEnvironmentSession(stack), context);
}

/** The running images of the service, by number. */
export async function runningImages({
  docker,
  stack,
  service,
}: UpgradeTask): Promise<ReadonlyMap<number, string>> {
  const found = await docker.listContainers({ all: true, filters: ofService(stack, service) });
  return new Map(
    found.map(({ Labels, ImageID }) => [Number(Labels["doom.instance"] ?? 1), ImageID]),
  );
}

function ofService(stack: string, { name }: UpgradeService) {
  return { label: [`doom.stack=${stack}`, `doom.role=${name}`] };
}

/**
 * The record of an upgrade that has replaced a container, or is about to, and was not verified; undefined when
 * there is none.
 */
export function unverifiedUpgrade(task: UpgradeTask): UpgradeRecord | undefined {
  const { project, stack, service, environment } = task;
  const all = openJournals(project, stack, service, environment);
  const journals = new Map([...all].filter(([, { kind }]) => kind === "upgrade"));
  if (journals.size === 0) return undefined;
  const unverified = { result: "unverified", checks: new Map() } as const;
  return recordJournals(project, stack, service, journals, unverified);
}

export interface Returned extends Return {
  /** Whether the image had to be pinned in the stack's file. */
  readonly pinned: boolean;
}

/**
 * Brings back image, configuration and data as the record says they were, and proves all three.
 *
 * Cut off at any moment, the next run goes on. Throws a {@link Failure}.
 */
export async function returnTo(
  task: UpgradeTask,
  record: UpgradeRecord,
  command: UpgradeCommand,
): Promise<Returned> {
  const { project, docker, stack } = task;
  const plan = await planReturn(project, docker, record);
  writeCommand(project, stack, { ...command, stage: "returning", record: record.id });
  askForReturn(project, plan);
  await bringUp(task, plan.stackFile);
  task.context.display.enter("proving that image, configuration and data are as they were");
  const proven = proveReturn(project, plan, await runningImages(task));
  endCommand(project, stack);
  return { ...proven, pinned: plan.pinned };
}

/**
 * Takes back an upgrade none of whose containers was replaced: the file, and what the engine has noted.
 *
 * Throws a {@link Failure} when not even that can be brought up.
 */
export async function settle(task: UpgradeTask, stackFile: string): Promise<void> {
  await bringUp(task, stackFile);
  endCommand(task.project, task.stack);
}

const WATCH_POLL_MS = 1000;

/** Watches the service's containers for so many seconds. Gives what went wrong, undefined when nothing did. */
export async function watch(
  { docker, stack, service, context }: UpgradeTask,
  seconds: number,
): Promise<string | undefined> {
  const filters = ofService(stack, service);
  const ids = (await docker.listContainers({ all: true, filters })).map(({ Id }) => Id);
  const looks = () => Promise.all(ids.map((id) => docker.getContainer(id).inspect()));
  const first = await looks();
  const end = Date.now() + seconds * 1000;
  const left = () => `${Math.max(0, Math.round((end - Date.now()) / 1000))} s left`;
  context.display.enter("watching the new version", left);
  const interruption = new Interruption();
  context.interrupts.watch(interruption);
  try {
    for (;;) {
      interruption.signal.throwIfAborted();
      const now = await looks().catch((error: unknown) => {
        throw isDockerLost(error) ? lostWhileWatching(stack, error) : error;
      });
      for (const [position, info] of now.entries()) {
        const { kind, evidence } = judgeState(info, first[position] ?? info);
        if (kind === "failed") return `${info.Name.slice(1)}: ${evidence}`;
      }
      if (Date.now() >= end) return undefined;
      await wait(WATCH_POLL_MS);
    }
  } finally {
    interruption.end();
  }
}

function lostWhileWatching(stack: string, error: unknown): Failure {
  const { summary, fix } = dockerFailure(error);
  return new Failure("update", `The new version of ${stack} can no longer be watched: ${summary}`, {
    fix: `${fix}; then the same command watches on, and npx doom rollback ${stack} goes back`,
  });
}

/** The stage in which the gate of a container was left with things to take back; undefined when none was. */
function openStage({ project, stack, service, environment }: UpgradeTask): string | undefined {
  const journals = service
    .numbers(environment)
    .map((instance) => readJournal(project, stack, unitName({ service, instance })));
  const open = journals.find((journal) => isOpen(journal));
  return open && STAGE_NAMES[open.stage];
}

/**
 * Does what takes back an upgrade that failed for `problems`.
 *
 * Throws a {@link Failure} that names the stage and how to go on, when Docker is not there to do it.
 */
export async function takingBack<T>(
  task: UpgradeTask,
  target: string,
  problems: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const inTheWay =
      isDockerLost(error) || (error instanceof Failure && error.kind === "preflight");
    if (!inTheWay) throw error;
    const { stack } = task;
    const stage = openStage(task);
    const where = stage === undefined ? "" : ` at ${stage}`;
    throw new Failure(
      "update",
      `The upgrade of ${stack} to ${target} failed${where}, and could not be taken back yet:`,
      {
        problems: [...problems, errorText(isDockerLost(error) ? dockerFailure(error) : error)],
        fix: `put that right; then npx doom rollback ${stack} brings the old version back, and the same command tries the upgrade again`,
      },
    );
  }
}

/** The stage at which a gate of the service has taken its upgrade back since then; undefined when none has. */
export function failedStage(
  { project, stack, service, environment }: UpgradeTask,
  since: number,
): string | undefined {
  return service
    .numbers(environment)
    .map((instance) => readJournal(project, stack, unitName({ service, instance })))
    .find((journal) => journal?.failedAt && Date.parse(journal.startedAt) >= since)?.failedAt;
}

/** Whether the user has asked to stop, which is no failure of the version. */
export function isInterruption(error: unknown): boolean {
  return error instanceof Failure && error.kind === "interrupted";
}

/** The file as it is, for a command that begins. */
export function presentFile({ project, stack }: UpgradeTask): string {
  return readStackText(project, stack);
}

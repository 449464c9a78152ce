import type { UpgradeRecord } from "../../checks/upgradeRecord";
import type { EnvironmentConfig } from "../../config/schema";
import { connectDocker } from "../../operations/dockerHost";
import { environmentStatus } from "../../operations/environmentStatus";
import { errorText, Failure } from "../../operations/failure";
import { refuseHeld } from "../../operations/locks";
import { openEnvironmentSession } from "../../operations/stackSession";
import {
  endCommand,
  hold,
  readCommand,
  readHeld,
  release,
  type UpgradeCommand,
  withUpgradeLock,
  writeCommand,
} from "../../operations/upgradeCommand";
import { openJournals, readRecords, writeRecord } from "../../operations/upgradeRecords";
import { SERVICES, serviceOf, type UpgradeService } from "../../operations/upgradeServices";
import {
  requireTarget,
  type TargetOptions,
  targetOf,
  targetText,
  type UpgradeTarget,
  withTarget,
} from "../../operations/upgradeTarget";
import type { CommandContext } from "../engineRun";
import type { Outcome } from "../output";
import {
  bringUp,
  failedStage,
  isInterruption,
  presentFile,
  returnTo,
  runningImages,
  settle,
  taskOf,
  type UpgradeTask,
  unverifiedUpgrade,
  watch,
} from "../upgradeRun";

export interface UpgradeOptions extends TargetOptions {
  readonly service: string;
  /** Seconds, as text from the command line. */
  readonly watch: string;
  readonly retryHeld?: boolean;
}

const MOST_SECONDS = 86_400;
const TIMEOUT_MS = 120_000;

/** `doom upgrade <stack>`: the path of every upgrade, with the way back when the new version fails. */
export async function upgrade(
  stack: string,
  options: UpgradeOptions,
  context: CommandContext,
): Promise<Outcome> {
  const { display } = context;
  display.enter(`checking ${stack}`);
  const service = serviceOf(options.service);
  const seconds = secondsOf(options.watch);
  const target = targetOf(service, options);
  const session = await openEnvironmentSession(stack);
  const { project, environment } = session;
  requireEnabled(stack, service, environment);
  refuseHeld(project, stack);
  const docker = await connectDocker(TIMEOUT_MS);
  const task: UpgradeTask = { project, docker, stack, service, environment, context };
  return withUpgradeLock(project, stack, () => {
    const stackFile = withTarget(presentFile(task), service, target);
    return upgradeTo(task, { target, stackFile, seconds, retryHeld: options.retryHeld ?? false });
  });
}

export interface Destination {
  readonly target: UpgradeTarget;
  /** The text of the stack's file with the target in it, and whatever else is to change. */
  readonly stackFile: string;
  /** For how long the new version is watched. */
  readonly seconds: number;
  readonly retryHeld: boolean;
  /** A last gate, behind all others: why it has to go back, undefined when it may stay. */
  readonly proof?: () => Promise<string | undefined>;
}

const noProof = async () => undefined;

/** The upgrade itself; the caller holds the lock of upgrades. Throws a {@link Failure}. */
export async function upgradeTo(
  task: UpgradeTask,
  { target, stackFile, seconds, retryHeld, proof = noProof }: Destination,
): Promise<Outcome> {
  const { project, docker, stack, service } = task;
  const cut = cutOff(task, targetText(target));
  if (cut?.stage === "returning") return finishReturn(taskOf(task, cut), cut);
  refuseHeldVersion(task, target, retryHeld);
  if (cut === undefined) {
    requireVerified(task);
    await requireHealthy(task);
  }
  const running = await runningImages(task);
  const image = await requireTarget(docker, { stack, service, stackFile }, running, target);
  const done = image !== undefined && [...running.values()].every((id) => id === image);
  if (cut === undefined && done && stackFile === presentFile(task)) return nothing(stack, target);
  const command: UpgradeCommand = cut ?? {
    command: 1,
    kind: "upgrade",
    service: service.name,
    stage: "updating",
    target: targetText(target),
    stackFileBefore: presentFile(task),
    startedAt: new Date().toISOString(),
  };
  writeCommand(project, stack, command);
  return goOver(task, { command, target, stackFile, seconds, proof });
}

interface Way extends Required<Omit<Destination, "retryHeld">> {
  readonly command: UpgradeCommand;
}

async function goOver(
  task: UpgradeTask,
  { command, target, stackFile, seconds, proof }: Way,
): Promise<Outcome> {
  const { project, stack } = task;
  const began = Date.now();
  try {
    await bringUp(task, stackFile);
  } catch (error) {
    if (isInterruption(error)) throw error;
    return giveUp(task, { command, began, error });
  }
  const record = readRecords(project, stack)
    .filter(({ service }) => service === task.service.name)
    .at(-1);
  // The file may have named the image that ran in another way.
  if (record?.kind !== "upgrade" || record.startedAt < command.startedAt) {
    const problem = await proof();
    if (problem !== undefined) return takeSettingsBack(task, command, problem);
    endCommand(project, stack);
    return nothing(stack, target);
  }
  const watched: UpgradeCommand = { ...command, stage: "watching", record: record.id };
  writeCommand(project, stack, watched);
  const problem = (await watch(task, seconds)) ?? (await proof());
  if (problem !== undefined) return goBack(task, watched, record, problem);
  const finished = { ...record, watchedSeconds: seconds, finishedAt: new Date().toISOString() };
  writeRecord(project, finished);
  release(project, stack, command.target);
  endCommand(project, stack);
  task.context.display.stop();
  return describe(finished);
}

/** The engine's run failed: back to what was, by whatever way it takes. */
async function giveUp(
  task: UpgradeTask,
  {
    command,
    began,
    error,
  }: { readonly command: UpgradeCommand; readonly began: number; readonly error: unknown },
): Promise<never> {
  const { project, stack, context } = task;
  const problems = error instanceof Failure ? error.problems : [];
  const record = unverifiedUpgrade(task);
  if (record) return goBack(task, command, record, errorText(error));
  const stage = failedStage(task, began);
  if (stage === "rehearsing")
    hold(project, stack, command.target, problems.at(-1) ?? errorText(error));
  context.display.line("the old version serves; taking back what was noted of the new one");
  await settle(task, command.stackFileBefore);
  throw new Failure(
    "update",
    `${stack} was not upgraded to ${command.target}; it goes on as it was.`,
    {
      problems: problems.length > 0 ? problems : [errorText(error)],
      fix: "put that right and run it again, or choose another version (--to)",
    },
  );
}

/** The image stayed, and so did the data: what has changed is in the file. */
async function takeSettingsBack(
  task: UpgradeTask,
  { target, stackFileBefore }: UpgradeCommand,
  because: string,
): Promise<never> {
  const { stack, context } = task;
  context.display.line(`the new settings failed; going back: ${because}`);
  await settle(task, stackFileBefore);
  throw new Failure(
    "update",
    `The new settings of ${stack} with ${target} failed and were taken back; it is as it was.`,
    { problems: [because], fix: "put that right and run it again" },
  );
}

async function goBack(
  task: UpgradeTask,
  command: UpgradeCommand,
  record: UpgradeRecord,
  because: string,
): Promise<never> {
  const { project, stack, context } = task;
  context.display.line(`the new version failed; going back: ${because}`);
  hold(project, stack, command.target, because);
  const { kept } = await returnTo(task, record, { ...command, because });
  throw new Failure(
    "update",
    `The upgrade of ${stack} to ${command.target} failed and was taken back: image, configuration and data are proven to be as before.`,
    {
      problems: [because, ...keptLines(task.service, kept)],
      fix: `${command.target} is held: it is not tried again without --retry-held`,
    },
  );
}

/** A run that was cut off while it went back. */
async function finishReturn(task: UpgradeTask, cut: UpgradeCommand): Promise<never> {
  const record = readRecords(task.project, task.stack).find(({ id }) => id === cut.record);
  if (record === undefined) throw new Error(`the record ${cut.record} is gone`);
  return goBack(task, cut, record, cut.because ?? "it was cut off");
}

export function keptLines(
  { title }: UpgradeService,
  kept: Readonly<Record<number, string>>,
): string[] {
  return Object.entries(kept).map(
    ([instance, volume]) =>
      `what ${title(Number(instance))} had after the upgrade is kept in the volume ${volume}`,
  );
}

/** Throws unless a command that was cut off wanted the same. */
function cutOff(
  { project, stack, service }: UpgradeTask,
  target: string,
): UpgradeCommand | undefined {
  const cut = readCommand(project, stack);
  const same = cut?.kind === "upgrade" && cut.target === target && cut.service === service.name;
  if (cut === undefined || same) return cut;
  if (cut.kind === "upgrade" && cut.stage === "returning") return cut;
  const what = cut.kind === "upgrade" ? `upgrade of ${cut.service} to ${cut.target}` : "rollback";
  throw new Failure("state", `The ${what} of ${stack} was cut off.`, {
    fix:
      cut.kind === "upgrade"
        ? `finish it with the same command, or take it back: npx doom rollback ${stack}`
        : `npx doom rollback ${stack} finishes it`,
  });
}

function refuseHeldVersion(
  { project, stack }: UpgradeTask,
  target: UpgradeTarget,
  retry: boolean,
): void {
  const held = readHeld(project, stack)[targetText(target)];
  if (held === undefined || retry) return;
  throw new Failure(
    "usage",
    `${targetText(target)} is held: it failed in ${stack} at ${held.at}.`,
    {
      problems: [held.because],
      fix: "when the reason is gone, try it again with --retry-held",
    },
  );
}

/** An upgrade on top of one that nobody has proven could be taken back to what never was right. */
function requireVerified({ project, stack, environment }: UpgradeTask): void {
  const open = SERVICES.some(
    (service) => openJournals(project, stack, service, environment).size > 0,
  );
  if (!open) return;
  throw new Failure("state", `The last upgrade of ${stack} has not been verified yet.`, {
    fix: `npx doom up ${stack} tries it again; npx doom rollback ${stack} takes it back`,
  });
}

/** What an environment does not have cannot be upgraded in it. */
function requireEnabled(
  stack: string,
  service: UpgradeService,
  environment: EnvironmentConfig,
): void {
  if (service.numbers(environment).length > 0) return;
  throw new Failure("usage", `${stack} has no ${service.name} to upgrade.`, {
    fix: `set ${service.name}.enabled to true in Pulumi.${stack}.yaml and run npx doom up ${stack}`,
  });
}

async function requireHealthy({ project, stack }: UpgradeTask): Promise<void> {
  const { condition } = await environmentStatus(project, stack);
  if (condition === "healthy") return;
  throw new Failure("unhealthy", `${stack} is ${condition}; only what runs well is upgraded.`, {
    fix: `npx doom up ${stack} brings it up, npx doom status ${stack} says what is wrong`,
  });
}

export function secondsOf(text: string): number {
  const seconds = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (seconds >= 0 && seconds <= MOST_SECONDS) return seconds;
  throw new Failure("usage", `--watch is ${JSON.stringify(text)}.`, {
    fix: `allowed: a number of seconds from 0 to ${MOST_SECONDS}`,
  });
}

function nothing(stack: string, target: UpgradeTarget): Outcome {
  const text = `${stack} runs ${targetText(target)} already: nothing to do.`;
  return { text, data: { changed: false } };
}

function describe(record: UpgradeRecord): Outcome {
  const { stack, id, editors, watchedSeconds } = record;
  const { name, title } = serviceOf(record.service);
  const option = name === SERVICES[0]?.name ? "" : ` --service ${name}`;
  const text = [
    `${stack} is upgraded, verified, and was watched for ${watchedSeconds} s.`,
    ...editors.map(
      ({ instance, from, to, copy }) =>
        `  ${title(instance)}: ${from?.version ?? from?.id} to ${to.version ?? to.id}; its data from before is in ${copy}`,
    ),
    "",
    `  npx doom rollback ${stack}${option}   back to image, configuration and data as they were (record ${id})`,
  ].join("\n");
  const { stackFile, ...shown } = record;
  return { text, data: { changed: true, record: shown } };
}

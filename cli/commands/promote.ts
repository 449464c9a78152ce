import {
  type Bundle,
  bundleHash,
  type Gate,
  gatesBefore,
  type PromotionEntry,
  type PromotionTerms,
  standingPromotion,
} from "../../checks/promotion";
import { chooseRecord } from "../../checks/upgradeRecord";
import { type SettingChange, settingChanges } from "../../config/promotion";
import { StackDocument } from "../../config/stackDocument";
import { connectDocker } from "../../operations/dockerHost";
import { errorText, Failure } from "../../operations/failure";
import { refuseHeld } from "../../operations/locks";
import {
  bundleOf,
  requireTerms,
  runnersOf,
  secretsSetIn,
  unverifiedIn,
  withBundle,
} from "../../operations/promotion";
import {
  allowImages,
  entryHead,
  readPromotions,
  recordPromotion,
} from "../../operations/promotionRecords";
import { type EnvironmentSession, openEnvironmentSession } from "../../operations/stackSession";
import { readCommand, withUpgradeLock } from "../../operations/upgradeCommand";
import { readRecords } from "../../operations/upgradeRecords";
import { serviceOf } from "../../operations/upgradeServices";
import { environmentIn } from "../../operations/upgradeTarget";
import { type CommandContext, runEngine } from "../engineRun";
import { EXIT_CODES } from "../exitCodes";
import type { Outcome } from "../output";
import { table } from "../text";
import { presentFile, runningImages, type UpgradeTask } from "../upgradeRun";
import { undoPromotion } from "./promoteUndo";
import { secondsOf, upgradeTo } from "./upgrade";

export interface PromoteOptions {
  readonly dryRun?: boolean;
  readonly undo?: boolean;
  readonly approvedBy: readonly string[];
  readonly expect?: string;
  /** Seconds, as text from the command line. */
  readonly watch: string;
  readonly retryHeld?: boolean;
}

const TIMEOUT_MS = 120_000;

/** `doom promote <from> <to>`: what one environment has proven goes to the next, through the path of every upgrade. */
export async function promote(
  from: string,
  to: string,
  options: PromoteOptions,
  context: CommandContext,
): Promise<Outcome> {
  context.display.enter(`checking ${from} and ${to}`);
  const seconds = secondsOf(options.watch);
  if (options.undo && options.dryRun) {
    throw new Failure("usage", "--undo and --dry-run do not go together: a way back has no plan.", {
      fix: `the record says what it would bring back: .state/promotions/${to}.jsonl`,
    });
  }
  const target = await openEnvironmentSession(to);
  const { project, environment } = target;
  const terms = requireTerms(project, from, to);
  const source = await openEnvironmentSession(from);
  for (const stack of [from, to]) refuseHeld(project, stack);
  // Throws for one that was changed, while there is nothing to record yet.
  readPromotions(project, to);
  const docker = await connectDocker(TIMEOUT_MS);
  const task: UpgradeTask = {
    project,
    docker,
    stack: to,
    service: serviceOf("code-server"),
    environment,
    context,
  };
  return withUpgradeLock(project, to, async () => {
    if (options.undo) return undoPromotion(task, from);
    const plan = await planPromotion(task, source, terms, options);
    if (options.dryRun) return describePlan(plan, context);
    const refused = plan.gates.filter(({ passed }) => !passed);
    if (refused.length > 0) throw refuse(task, plan, refused);
    return goOver(task, plan, { seconds, retryHeld: options.retryHeld ?? false });
  });
}

interface Plan {
  readonly bundle: Bundle;
  readonly hash: string;
  readonly gates: readonly Gate[];
  readonly changes: readonly SettingChange[];
  readonly approvedBy: readonly string[];
  readonly stackFileBefore: string;
  /** Content addresses of what runs in the target. */
  readonly imagesBefore: readonly string[];
  readonly stackFile: string;
  /** ISO 8601; when a run that was cut off has begun. */
  readonly began: string;
}

async function planPromotion(
  task: UpgradeTask,
  source: EnvironmentSession,
  terms: PromotionTerms,
  { approvedBy, expect }: PromoteOptions,
): Promise<Plan> {
  const { project, docker, stack: to } = task;
  const runners = await runnersOf(docker, terms.from);
  const bundle = bundleOf(project, { from: terms.from, to }, runners);
  const hash = bundleHash(bundle);
  const present = presentFile(task);
  const stackFile = withBundle(present, bundle);
  // What is proven there has to be right here: refused before anything else is looked at.
  environmentIn(stackFile, to);
  const gates = gatesBefore({
    terms,
    runners,
    now: Date.now(),
    drift: await driftOf(source, task.context),
    unverified: unverifiedIn(project, terms.from, source.environment),
    approvedBy,
    secrets: { source: bundle.secrets, target: secretsSetIn(present, to) },
    hash,
    expected: expect,
  });
  const settingsOf = (text: string) => new StackDocument(text).settings;
  const changes = settingChanges(settingsOf(present), settingsOf(stackFile));
  // A run that was killed has changed the file already.
  const cut = readCommand(project, to);
  const stackFileBefore = cut?.stackFileBefore ?? present;
  const began = cut?.startedAt ?? new Date().toISOString();
  const imagesBefore = unique((await runnersOf(docker, to)).map(({ image }) => image));
  return {
    bundle,
    hash,
    gates,
    changes,
    approvedBy,
    stackFileBefore,
    imagesBefore,
    stackFile,
    began,
  };
}

/** What an up of the source would change, under its policies; or why there can be none. */
async function driftOf(source: EnvironmentSession, context: CommandContext): Promise<string[]> {
  const open = await source.open();
  try {
    const { progress } = await runEngine(
      source,
      context,
      { purpose: "preview", phase: `finding out whether ${source.stack} is as declared` },
      (onEvent) => open.stack.preview({ onEvent, refresh: true, ...source.policies }),
    );
    return progress.allSteps.map(
      ({ operation, name }) => `${source.stack} would ${operation} ${name}`,
    );
  } catch (error) {
    if (error instanceof Failure && error.kind === "update")
      return [error.summary, ...error.problems];
    throw error;
  }
}

function refuse(task: UpgradeTask, plan: Plan, refused: readonly Gate[]): Failure {
  recordPromotion(task.project, entryOf(task, plan, { result: "refused" }));
  const { from, to } = plan.bundle;
  return new Failure("refused", `${from} is not promoted to ${to}; ${to} is untouched.`, {
    problems: refused.map(({ name, evidence }) => `${name}: ${evidence}`),
    fix: `npx doom promote ${from} ${to} --dry-run shows every gate`,
  });
}

async function goOver(
  task: UpgradeTask,
  plan: Plan,
  { seconds, retryHeld }: { readonly seconds: number; readonly retryHeld: boolean },
): Promise<Outcome> {
  const { project, stack } = task;
  const { bundle, stackFile } = plan;
  const reference = String(bundle.settings["image.reference"]);
  const promoted = Object.values(bundle.images);
  const allow = (images: readonly string[]) =>
    allowImages(project, stack, {
      schemaVersion: 1,
      from: bundle.from,
      to: stack,
      images: unique(images),
    });
  // Until it has succeeded there has to be a way back to what runs now.
  const putBack = allow([...promoted, ...plan.imagesBefore]);
  try {
    await upgradeTo(task, { target: { reference }, stackFile, seconds, retryHeld });
  } catch (error) {
    putBack();
    recordPromotion(project, entryOf(task, plan, { result: "failed", because: errorText(error) }));
    throw error;
  }
  allow(promoted);
  const running = await runningImages(task);
  const record = chooseRecord(readRecords(project, stack), running);
  const entry = entryOf(task, plan, {
    result: "promoted",
    ...(record === undefined || record.startedAt < plan.began ? {} : { upgradeRecord: record.id }),
  });
  const last = standingPromotion(readPromotions(project, stack));
  const already = last?.hash === plan.hash && plan.changes.length === 0;
  if (!already) recordPromotion(project, entry);
  return describeDone(entry, already);
}

type Ending = Pick<PromotionEntry, "result" | "upgradeRecord" | "because">;

function entryOf({ stack }: UpgradeTask, plan: Plan, ending: Ending): PromotionEntry {
  const { bundle, hash, gates, approvedBy, stackFileBefore, imagesBefore } = plan;
  return {
    promotion: 1,
    ...entryHead(),
    from: bundle.from,
    to: stack,
    kind: "promotion",
    approvedBy,
    bundle,
    hash,
    gates,
    stackFileBefore,
    imagesBefore,
    ...ending,
  };
}

const unique = (texts: readonly string[]) => [...new Set(texts)];

function gateRows(gates: readonly Gate[]): string {
  return table(
    gates.map(({ name, passed, evidence }) => [`  ${passed ? "open" : "SHUT"}`, name, evidence]),
  );
}

function describePlan(
  { bundle, hash, gates, changes }: Plan,
  { display }: CommandContext,
): Outcome {
  display.stop();
  const { from, to } = bundle;
  const open = gates.every(({ passed }) => passed);
  const show = (value: unknown) => (value === undefined ? "not set" : JSON.stringify(value));
  const text = [
    open
      ? `${from} can be promoted to ${to}; nothing was changed.`
      : `${from} cannot be promoted to ${to} now; nothing was changed.`,
    gateRows(gates),
    changes.length === 0
      ? `It would change nothing in Pulumi.${to}.yaml.`
      : `In Pulumi.${to}.yaml:`,
    ...(changes.length === 0
      ? []
      : [
          table(
            changes.map(({ path, from: old, to: next }) => [
              `  ${path}`,
              show(old),
              "to",
              show(next),
            ]),
          ),
        ]),
    "",
    `  npx doom promote ${from} ${to} --expect ${hash}   promotes this and nothing else`,
  ].join("\n");
  const data = { hash, bundle, gates, changes, open };
  return { text, data, ...(open ? {} : { exitCode: EXIT_CODES.refused }) };
}

function describeDone(entry: PromotionEntry, already: boolean): Outcome {
  const { stackFileBefore, ...shown } = entry;
  const { from, to, hash, gates, upgradeRecord } = entry;
  if (already) {
    const text = `${to} has what ${from} has proven already (${hash}): nothing to do.`;
    return { text, data: { changed: false } };
  }
  const text = [
    `${from} is promoted to ${to}: ${hash}`,
    gateRows(gates),
    upgradeRecord === undefined
      ? "  the image was there already; only settings have changed"
      : `  upgraded, verified and watched (record ${upgradeRecord})`,
    "",
    `  npx doom promote ${from} ${to} --undo   back to what ${to} was`,
  ].join("\n");
  return { text, data: { changed: true, promotion: shown } };
}

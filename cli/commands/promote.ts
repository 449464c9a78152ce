import {
  type Bundle,
  type Gate,
  isolationGate,
  type PromotionEntry,
  standingPromotion,
} from "../../checks/promotion";
import { chooseRecord, type UpgradeRecord } from "../../checks/upgradeRecord";
import { connectDocker } from "../../operations/dockerHost";
import { errorText, Failure } from "../../operations/failure";
import { refuseHeld } from "../../operations/locks";
import { requireTerms } from "../../operations/promotion";
import {
  allowImages,
  entryHead,
  readPromotions,
  recordPromotion,
} from "../../operations/promotionRecords";
import { openEnvironmentSession } from "../../operations/stackSession";
import { withUpgradeLock } from "../../operations/upgradeCommand";
import { readRecords } from "../../operations/upgradeRecords";
import { serviceOf } from "../../operations/upgradeServices";
import { environmentIn } from "../../operations/upgradeTarget";
import type { CommandContext } from "../engineRun";
import { EXIT_CODES } from "../exitCodes";
import type { Outcome } from "../output";
import { table } from "../text";
import { isInterruption, runningImages, type UpgradeTask } from "../upgradeRun";
import { type Plan, planPromotion, proveApart } from "./promotePlan";
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
    const { environment: before } = source;
    const proof = () =>
      proveApart(
        context,
        new Map([
          [from, before],
          [to, environmentIn(plan.stackFile, to)],
        ]),
      );
    return goOver(task, plan, { seconds, retryHeld: options.retryHeld ?? false, proof });
  });
}

function refuse(task: UpgradeTask, plan: Plan, refused: readonly Gate[]): Failure {
  recordPromotion(task.project, entryOf(task, plan, { result: "refused" }));
  const { from, to } = plan.bundle;
  return new Failure("refused", `${from} is not promoted to ${to}; ${to} is untouched.`, {
    problems: refused.map(({ name, evidence }) => `${name}: ${evidence}`),
    fix: `npx doom promote ${from} ${to} --dry-run shows every gate`,
  });
}

interface Way {
  readonly seconds: number;
  readonly retryHeld: boolean;
  /** Why it is not proven that both are kept apart. */
  readonly proof: () => Promise<string[]>;
}

async function goOver(
  task: UpgradeTask,
  plan: Plan,
  { seconds, retryHeld, proof }: Way,
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
  const lastGates: Gate[] = [];
  const lastGate = async () => {
    const gate = isolationGate(await proof());
    lastGates.push(gate);
    return gate.passed ? undefined : `${gate.name}: ${gate.evidence}`;
  };
  try {
    const target = { reference };
    await upgradeTo(task, { target, stackFile, seconds, retryHeld, proof: lastGate });
  } catch (error) {
    putBack();
    recordPromotion(project, entryOf(task, plan, endingOf(error)));
    throw error;
  }
  allow(promoted);
  const running = await runningImages(task);
  const found = chooseRecord(readRecords(project, stack), running);
  const record = found === undefined || found.startedAt < plan.began ? undefined : found;
  const entry = entryOf(task, plan, {
    result: "promoted",
    gatesAfter: [...(record === undefined ? [] : upgradeGates(record)), ...lastGates],
    ...(record === undefined ? {} : { upgradeRecord: record.id }),
  });
  const last = standingPromotion(readPromotions(project, stack));
  const already = last?.hash === plan.hash && plan.changes.length === 0;
  if (!already) recordPromotion(project, entry);
  return describeDone(entry, already);
}

/** The gates behind an upgrade that is verified: all of its containers have passed them. */
function upgradeGates({ id, watchedSeconds }: UpgradeRecord): Gate[] {
  return [
    {
      name: "verified",
      passed: true,
      evidence: `does all that it has to, its data as it was (record ${id})`,
    },
    { name: "watched", passed: true, evidence: `for ${watchedSeconds ?? 0} s` },
  ];
}

type Ending = Pick<PromotionEntry, "result" | "gatesAfter" | "upgradeRecord" | "because">;

/** How a promotion ended that did not succeed. */
export function endingOf(error: unknown): Ending {
  const result = isInterruption(error) ? "interrupted" : "failed";
  return { result, because: errorText(error) };
}

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

function drillText({ drill }: Bundle): string {
  return drill === "none" ? "none" : `${drill.stack}, ${drill.at}, ${drill.result}`;
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
    `The last drill of snapshots: ${drillText(bundle)}.`,
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
  const { from, to, hash, gates, gatesAfter = [], upgradeRecord } = entry;
  if (already) {
    const text = `${to} has what ${from} has proven already (${hash}): nothing to do.`;
    return { text, data: { changed: false } };
  }
  const text = [
    `${from} is promoted to ${to}: ${hash}`,
    gateRows(gates),
    upgradeRecord === undefined
      ? "After it, with the image that was there already:"
      : "After the upgrade:",
    gateRows(gatesAfter),
    "",
    `  npx doom promote ${from} ${to} --undo   back to what ${to} was`,
  ].join("\n");
  return { text, data: { changed: true, promotion: shown } };
}

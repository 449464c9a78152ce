import {
  type Bundle,
  bundleHash,
  type Gate,
  gatesBefore,
  type PromotionTerms,
  type Verdicts,
} from "../../checks/promotion";
import { type SettingChange, settingChanges } from "../../config/promotion";
import type { EnvironmentConfig } from "../../config/schema";
import { StackDocument } from "../../config/stackDocument";
import { Failure } from "../../operations/failure";
import { isolationVerdict } from "../../operations/isolationVerdict";
import {
  bundleOf,
  fullVolumes,
  runnersOf,
  secretsSetIn,
  travellingSettings,
  unverifiedIn,
  withTravelling,
} from "../../operations/promotion";
import type { EnvironmentSession } from "../../operations/stackSession";
import { readCommand } from "../../operations/upgradeCommand";
import { environmentIn } from "../../operations/upgradeTarget";
import { type CommandContext, runEngine } from "../engineRun";
import { Interruption } from "../interruption";
import { presentFile, type UpgradeTask } from "../upgradeRun";

/** What a promotion would do, and whether it may: nothing here changes anything. */

/** A promotion before anything is changed. */
export interface Plan {
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

/** Looks at the source and the target, and through every gate. Throws a {@link Failure}. */
export async function planPromotion(
  task: UpgradeTask,
  source: EnvironmentSession,
  terms: PromotionTerms,
  { approvedBy, expect }: { readonly approvedBy: readonly string[]; readonly expect?: string },
): Promise<Plan> {
  const { project, docker, stack: to, context } = task;
  const runners = await runnersOf(docker, terms.from);
  const present = presentFile(task);
  const stackFile = withTravelling(present, travellingSettings(project, terms.from, runners));
  // What is proven there has to be right here: refused before anything else is looked at.
  environmentIn(stackFile, to);
  const { drift, policies } = await driftOf(source, context);
  const environments = new Map([
    [terms.from, source.environment],
    [to, task.environment],
  ]);
  const together = await proveApart(context, environments);
  const isolation = together.length === 0 ? "proven" : "not proven";
  const bundle = bundleOf(project, { to, terms, runners, verdicts: { policies, isolation } });
  const hash = bundleHash(bundle);
  const gates = gatesBefore({
    terms,
    runners,
    now: Date.now(),
    drift,
    together,
    unverified: unverifiedIn(project, terms.from, source.environment),
    full: await fullVolumes(project, to),
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
  const imagesBefore = [...new Set((await runnersOf(docker, to)).map(({ image }) => image))];
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
async function driftOf(
  source: EnvironmentSession,
  context: CommandContext,
): Promise<{ drift: string[]; policies: Verdicts["policies"] }> {
  const open = await source.open();
  try {
    const { progress } = await runEngine(
      source,
      context,
      { purpose: "preview", phase: `finding out whether ${source.stack} is as declared` },
      (onEvent) => open.stack.preview({ onEvent, refresh: true, ...source.policies }),
    );
    const drift = progress.allSteps.map(
      ({ operation, name }) => `${source.stack} would ${operation} ${name}`,
    );
    return { drift, policies: "passed" };
  } catch (error) {
    if (!(error instanceof Failure && error.kind === "update")) throw error;
    return { drift: [error.summary, ...error.problems], policies: "failed" };
  }
}

/** Tries whether environments are kept apart as they declare it; gives why that is not proven. */
export async function proveApart(
  { display, interrupts }: CommandContext,
  environments: ReadonlyMap<string, EnvironmentConfig>,
): Promise<string[]> {
  let step = "";
  display.enter(`proving the isolation of ${[...environments.keys()].join(" and ")}`, () => step);
  const interruption = new Interruption();
  interrupts.watch(interruption);
  try {
    const report = (text: string) => {
      step = text;
    };
    return await isolationVerdict({ environments, report, signal: interruption.signal });
  } finally {
    interruption.end();
  }
}

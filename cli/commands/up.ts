import { isDeepStrictEqual } from "node:util";
import type { OutputMap } from "@pulumi/pulumi/automation";
import { stackOutputs } from "../../checks/checkpoint";
import { explainOverlap } from "../../operations/addressRange";
import type { OpenStack } from "../../operations/engine";
import { blamingOtherRuns, refuseHeld } from "../../operations/locks";
import { preflight } from "../../operations/preflight";
import { reconcile } from "../../operations/reconcile";
import { type EnvironmentSession, openEnvironmentSession } from "../../operations/stackSession";
import { readState } from "../../operations/stateFiles";
import { describeUpgrades } from "../../operations/upgradePlan";
import { type CommandContext, refreshState, runEngine } from "../engineRun";
import type { Outcome } from "../output";
import { changesText } from "../text";
import type { Step, UpdateProgress } from "../updateProgress";

/** The outputs of index.ts that the closing text needs. */
interface PlainOutputs {
  readonly url?: unknown;
  readonly instances?: unknown;
  readonly resting?: unknown;
}

/** `doom up <stack>`: checks, sets right what earlier runs left, plans, applies. */
export async function up(stack: string, context: CommandContext): Promise<Outcome> {
  const { display } = context;
  const began = Date.now();
  display.enter(`checking ${stack}`);
  const session = await openEnvironmentSession(stack);
  refuseHeld(session.project, stack);
  const result = await blamingOtherRuns(session.project, stack, () =>
    updateEnvironment(session, context),
  );
  display.stop();
  return describeUp(session, { ...result, seconds: (Date.now() - began) / 1000 });
}

/** Everything of an up but its closing words; `approve` may throw at what the plan would do. */
export async function updateEnvironment(
  session: EnvironmentSession,
  context: CommandContext,
  approve: (steps: readonly Step[]) => void = () => {},
): Promise<Omit<UpSummary, "seconds">> {
  const { project, stack, environment } = session;
  const { upgrades } = await preflight({ stack, environment });
  const { notes, refresh } = await reconcile(project, stack);
  for (const note of notes) context.display.line(note);
  const open = await session.open();
  if (refresh) await refreshState(session, context, open);
  const plan = await planUpdate(session, context, open);
  const { warnings, advice } = plan;
  approve(plan.allSteps);
  for (const upgrade of describeUpgrades(upgrades)) context.display.line(`upgrade: ${upgrade}`);
  if (isNoChange(session, plan)) {
    return { changes: {}, warnings, advice, notes, outputs: plainOutputs(session) };
  }
  const outputs = await applyUpdate(session, context, open, plan);
  return { changes: plan.changes, warnings, advice, notes, outputs };
}

/** A preview first: a policy or a bad input stops it before anything is half done. */
async function planUpdate(
  session: EnvironmentSession,
  context: CommandContext,
  { stack }: OpenStack,
): Promise<UpdateProgress> {
  const { progress } = await runEngine(
    session,
    context,
    { purpose: "plan", phase: "finding out what to do" },
    (onEvent) => stack.preview({ onEvent, ...session.policies }),
  );
  for (const warning of progress.warnings) context.display.line(`warning: ${warning}`);
  const advice = progress.advice.length;
  if (advice > 0) {
    const noun = advice === 1 ? "policy gives advice" : "policies give advice";
    context.display.line(`${advice} ${noun}: npx doom preview ${session.stack} shows it`);
  }
  return progress;
}

/** Nothing to do, and the outputs stand in the state as the program gives them now. */
function isNoChange(session: EnvironmentSession, plan: UpdateProgress): boolean {
  if (plan.allSteps.length > 0 || !plan.outputs) return false;
  const stored = plainOutputs(session);
  return Object.entries(plan.outputs)
    .filter(([, value]) => !isCiphertext(value))
    .every(([key, value]) => isDeepStrictEqual(value, stored[key]));
}

function plainOutputs({ project, stack }: EnvironmentSession): Record<string, unknown> {
  const state = readState(project, stack);
  const outputs = state ? stackOutputs(state.checkpoint) : {};
  return Object.fromEntries(Object.entries(outputs).filter(([, value]) => !isCiphertext(value)));
}

/** How secrets stand in the state, and in the engine's events with `[secret]` for the ciphertext. */
function isCiphertext(value: unknown): boolean {
  return typeof value === "object" && value !== null && "ciphertext" in value;
}

async function applyUpdate(
  session: EnvironmentSession,
  context: CommandContext,
  { stack }: OpenStack,
  plan: UpdateProgress,
): Promise<Record<string, unknown>> {
  const planned = new Set(plan.allSteps.map(({ urn }) => urn));
  const { project, environment } = session;
  try {
    const { result } = await runEngine(
      session,
      context,
      { purpose: "up", phase: `bringing up ${session.stack}`, planned, lines: true },
      (onEvent) => stack.up({ onEvent, ...session.policies }),
    );
    return withoutSecrets(result.outputs);
  } catch (error) {
    throw await explainOverlap(error, { project, stack: session.stack, environment });
  }
}

function withoutSecrets(outputs: OutputMap): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(outputs).flatMap(([key, { secret, value }]) => (secret ? [] : [[key, value]])),
  );
}

interface UpSummary {
  readonly changes: UpdateProgress["changes"];
  readonly warnings: readonly string[];
  readonly advice: readonly string[];
  readonly outputs: PlainOutputs & Record<string, unknown>;
  readonly notes: readonly string[];
  readonly seconds: number;
}

function describeUp({ stack }: EnvironmentSession, summary: UpSummary): Outcome {
  const { changes, outputs, notes, warnings, advice } = summary;
  const changed = Object.keys(changes).length > 0;
  const editors = Array.isArray(outputs.instances) ? outputs.instances.length : 1;
  const others = editors > 1 ? `   (editors 1 to ${editors})` : "";
  const first = changed
    ? `${stack} is up: ${changesText(changes)} in ${Math.round(summary.seconds)} s.`
    : `${stack} is up to date: nothing changed.`;
  const text = [
    first,
    "",
    `  Open       ${String(outputs.url)}`,
    `  Password   npx doom password ${stack}${others}`,
    ...(Array.isArray(outputs.resting) && outputs.resting.length > 0
      ? [`  Resting    ${outputs.resting.join(", ")}   (kept with their passwords)`]
      : []),
    "",
    "Next:",
    `  npx doom open ${stack}      in your browser; --qr: on a phone`,
    `  npx doom status ${stack}    is everything healthy?`,
    `  npx doom preview ${stack}   after a change to Pulumi.${stack}.yaml: what would it do?`,
    `  npx doom down ${stack}      stop it; files and passwords stay for the next up`,
  ].join("\n");
  const seconds = Math.round(summary.seconds * 10) / 10;
  return { text, data: { changed, changes, outputs, notes, warnings, advice, seconds } };
}

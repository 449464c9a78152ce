import { describeCapacity } from "../../checks/capacity";
import { preflight } from "../../operations/preflight";
import { findUnfinished } from "../../operations/reconcile";
import { openEnvironmentSession } from "../../operations/stackSession";
import { describeUpgrades } from "../../operations/upgradePlan";
import { type CommandContext, runEngine } from "../engineRun";
import type { Outcome } from "../output";
import { stepTable } from "../text";

/** `doom preview <stack>`: what an `up` would do. Takes no lock and changes nothing. */
export async function preview(stack: string, context: CommandContext): Promise<Outcome> {
  const { display } = context;
  display.enter(`checking ${stack}`);
  const session = await openEnvironmentSession(stack);
  const { environment } = session;
  const { capacity, upgrades: plans } = await preflight({ stack, environment });
  const notes = await findUnfinished(session.project, stack);
  const open = await session.open();
  const { progress } = await runEngine(
    session,
    context,
    { purpose: "preview", phase: "finding out what would change" },
    (onEvent) => open.stack.preview({ onEvent, ...session.policies }),
  );
  const upgrades = describeUpgrades(plans);
  display.stop();
  const steps = progress.allSteps;
  const { warnings, advice } = progress;
  const text = [
    ...notes.map((note) => `note: ${note}`),
    ...upgrades.map((upgrade) => `upgrade: ${upgrade}`),
    `capacity: ${describeCapacity(capacity)}`,
    ...warnings.map((warning) => `warning: ${warning}`),
    ...advice.map((text) => `advice: ${text.replaceAll("\n", "\n  ")}`),
    steps.length === 0 ? `Nothing would change in ${stack}.` : `An up of ${stack} would:`,
    ...(steps.length === 0 ? [] : [stepTable(steps)]),
  ].join("\n");
  const data = {
    changed: steps.length > 0,
    changes: progress.changes,
    steps: steps.map(({ operation, type, name, because }) => ({ operation, type, name, because })),
    upgrades,
    capacity,
    notes,
    warnings,
    advice,
  };
  return { text, data };
}

import { judgeKept } from "../../checks/keptStack";
import { deployedStacks, isFileChanged, requireDeployed } from "../../operations/keptStack";
import { refuseHeld } from "../../operations/locks";
import { findProject } from "../../operations/project";
import { openEnvironmentSession } from "../../operations/stackSession";
import { type CommandContext, runEngine } from "../engineRun";
import { EXIT_CODES } from "../exitCodes";
import type { Outcome } from "../output";
import { stepTable } from "../text";
import type { Step } from "../updateProgress";

/** What a preview found about one stack. */
export interface KeptStack {
  readonly stack: string;
  /** Whether its file was edited since it was last up, so that a change may come from that. */
  readonly fileChanged: boolean;
  readonly steps: readonly Step[];
}

/**
 * `doom verify [stack...] --kept`: whether an `up` would leave deployed stacks, or every one, as they are.
 *
 * For after an update of Pulumi's CLI, a plugin, the SDK or the schema. Takes no lock and changes nothing.
 */
export async function verifyKept(
  asked: readonly string[],
  context: CommandContext,
): Promise<Outcome> {
  const stacks = asked.length === 0 ? deployedStacks(findProject()) : asked;
  const found: KeptStack[] = [];
  for (const one of stacks) found.push(await look(one, context));
  context.display.stop();
  return describeKept(found);
}

async function look(stack: string, context: CommandContext): Promise<KeptStack> {
  context.display.enter(`checking ${stack}`);
  const session = await openEnvironmentSession(stack);
  refuseHeld(session.project, stack);
  requireDeployed(stack, session.checkpoint);
  const open = await session.open();
  const { progress } = await runEngine(
    session,
    context,
    { purpose: "preview", phase: `finding out what would change in ${stack}` },
    (onEvent) => open.stack.preview({ onEvent, ...session.policies }),
  );
  return {
    stack,
    fileChanged: isFileChanged(session.project, stack),
    steps: progress.allSteps,
  };
}

/** Whether all of them stay as they are, and what would not. */
export function describeKept(stacks: readonly KeptStack[]): Outcome {
  const environments = stacks.map(({ stack, fileChanged, steps }) => {
    const { unexpected, checks } = judgeKept(steps);
    return { stack, kept: unexpected.length === 0, fileChanged, unexpected, checks };
  });
  const kept = environments.every((environment) => environment.kept);
  return {
    text: environments.map(textOf).join("\n"),
    data: { kept, environments },
    ...(kept ? {} : { exitCode: EXIT_CODES.changed }),
  };
}

function textOf(environment: {
  readonly stack: string;
  readonly kept: boolean;
  readonly fileChanged: boolean;
  readonly unexpected: readonly Step[];
  readonly checks: readonly Step[];
}): string {
  const { stack, kept, fileChanged, unexpected, checks } = environment;
  const again = checks.length === 0 ? "" : "; only its checks would look again";
  if (kept) return `${stack} stays as it is${again}.`;
  return [
    `${stack} would not stay as it is. An up would:`,
    stepTable(unexpected),
    ...(fileChanged
      ? [`note: Pulumi.${stack}.yaml was changed since ${stack} was last up, which may be why`]
      : []),
  ].join("\n");
}

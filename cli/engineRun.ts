import type { EngineEvent } from "@pulumi/pulumi/automation";
import { EngineError, type OpenStack } from "../operations/engine";
import { Failure } from "../operations/failure";
import type { StackSession } from "../operations/stackSession";
import type { Display } from "./display";
import { failureOf, type Purpose } from "./engineFailure";
import type { Interrupts } from "./interrupts";
import { UpdateProgress } from "./updateProgress";

/** What every command is given. */
export interface CommandContext {
  readonly display: Display;
  readonly interrupts: Interrupts;
}

/** How a run of the engine is shown. */
export interface RunOptions {
  readonly purpose: Purpose;
  /** What the display says meanwhile. */
  readonly phase: string;
  /** Steps that a preview has found, for `3/13 done`. */
  readonly planned?: ReadonlySet<string>;
  /** Whether each finished step gets a line. */
  readonly lines?: boolean;
}

/**
 * Runs the engine once with its progress on display.
 *
 * Throws a {@link Failure} that says why it failed, in place of the engine's own output.
 */
export async function runEngine<T>(
  session: Pick<StackSession, "command" | "stack">,
  { display, interrupts }: CommandContext,
  { purpose, phase, planned, lines }: RunOptions,
  run: (onEvent: (event: EngineEvent) => void) => Promise<T>,
): Promise<{ result: T; progress: UpdateProgress }> {
  const progress = new UpdateProgress(planned);
  interrupts.watch(session.command);
  display.enter(phase, () => progress.status());
  try {
    const result = await run((event) => {
      const line = progress.take(event);
      if (line !== undefined && lines) display.line(`  ${line}`);
    });
    // A run that had just finished when the user stopped it must not lead to the next one.
    if (interrupts.received) throw new Failure("interrupted", `Interrupted after: ${phase}.`);
    return { result, progress };
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw failureOf({
      purpose,
      stack: session.stack,
      error,
      messages: progress.errors,
      interrupted: interrupts.received,
    });
  }
}

/** Compares the state with the Docker host and drops what an interrupted run was creating. */
export async function refreshState(
  session: StackSession,
  context: CommandContext,
  { stack }: OpenStack,
): Promise<void> {
  const phase = "comparing the state with the Docker host";
  await runEngine(session, context, { purpose: "refresh", phase }, (onEvent) =>
    stack.refresh({ clearPendingCreates: true, onEvent }),
  );
}

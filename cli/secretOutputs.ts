import type { OutputMap } from "@pulumi/pulumi/automation";
import type { StackSession } from "../operations/stackSession";
import { type CommandContext, runEngine } from "./engineRun";

/** The stack's outputs with its secrets in the clear; the engine decrypts them. */
export async function readOutputs(
  session: StackSession,
  context: CommandContext,
): Promise<OutputMap> {
  const { workspace } = await session.open();
  const { result } = await runEngine(
    session,
    context,
    { purpose: "read", phase: "opening the secrets" },
    () => workspace.stackOutputs(session.stack),
  );
  return result;
}

import { stackOutputs } from "../../checks/checkpoint";
import { Failure } from "../../operations/failure";
import { openSession, type StackSession } from "../../operations/stackSession";
import { type CommandContext, runEngine } from "../engineRun";
import type { Outcome } from "../output";

/** `doom password <stack> [n]`: the password of editor n, alone on standard output. */
export async function password(
  stack: string,
  instance: string,
  context: CommandContext,
): Promise<Outcome> {
  const session = await openSession(stack);
  if (stackOutputs(session.checkpoint).passwords === undefined) {
    throw new Failure("configuration", `${stack} has no passwords yet: it was never up.`, {
      fix: `npx doom up ${stack}`,
    });
  }
  const passwords = await readPasswords(session, context);
  context.display.stop();
  const value = Object.hasOwn(passwords, instance) ? passwords[instance] : undefined;
  if (value === undefined) {
    const known = Object.keys(passwords).join(", ");
    throw new Failure("usage", `${stack} has no editor ${JSON.stringify(instance)}.`, {
      fix: `its editors are ${known}`,
    });
  }
  return { text: value, data: { instance: Number(instance), password: value } };
}

async function readPasswords(
  session: StackSession,
  context: CommandContext,
): Promise<Record<string, string>> {
  const { workspace } = await session.open();
  const { result } = await runEngine(
    session,
    context,
    { purpose: "read", phase: "opening the secrets" },
    () => workspace.stackOutputs(session.stack),
  );
  return result.passwords?.value as Record<string, string>;
}

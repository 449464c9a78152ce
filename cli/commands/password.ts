import { stackOutputs } from "../../checks/checkpoint";
import { Failure } from "../../operations/failure";
import { openSession } from "../../operations/stackSession";
import type { CommandContext } from "../engineRun";
import type { Outcome } from "../output";
import { readOutputs } from "../secretOutputs";

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
  const outputs = await readOutputs(session, context);
  const passwords = outputs.passwords?.value as Record<string, string>;
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

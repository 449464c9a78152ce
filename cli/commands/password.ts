import type { Checkpoint } from "../../checks/checkpoint";
import { secretNameOf } from "../../checks/secretInventory";
import { isUndecided, passwordInForce, type SecretValues } from "../../checks/secretValues";
import { containerOfSecret, editorNumber, passwordName } from "../../config/secrets";
import { Failure } from "../../operations/failure";
import { stackContainers } from "../../operations/stackContainers";
import { openSession } from "../../operations/stackSession";
import { readSecretValues } from "../../operations/storedSecrets";
import { type CommandContext, runEngine } from "../engineRun";
import type { Outcome } from "../output";

/** `doom password <stack> [n]`: the password of editor n, alone on standard output. */
export async function password(
  stack: string,
  instance: string,
  context: CommandContext,
): Promise<Outcome> {
  const session = await openSession(stack);
  requireEditor(stack, instance, session.checkpoint);
  const name = passwordName(Number(instance));
  const { result: values } = await runEngine(
    session,
    context,
    { purpose: "read", phase: "opening the secrets" },
    () => readSecretValues(session),
  );
  const value = await inForce(stack, name, values);
  context.display.stop();
  return { text: value, data: { instance: Number(instance), password: value } };
}

function requireEditor(stack: string, instance: string, { resources }: Checkpoint): void {
  const editors = resources
    .flatMap((resource) => editorNumber(secretNameOf(resource) ?? "") ?? [])
    .sort((a, b) => a - b);
  if (editors.length === 0) {
    throw new Failure("configuration", `${stack} has no passwords yet: it was never up.`, {
      fix: `npx doom up ${stack}`,
    });
  }
  if (!editors.map(String).includes(instance)) {
    throw new Failure("usage", `${stack} has no editor ${JSON.stringify(instance)}.`, {
      fix: `its editors are ${editors.join(", ")}`,
    });
  }
}

/** Only an update that was cut off leaves a doubt, and only then the Docker host is asked. */
async function inForce(stack: string, name: string, values: SecretValues): Promise<string> {
  const container = isUndecided(values, name)
    ? (await stackContainers(stack)).get(containerOfSecret(stack, name))
    : undefined;
  const value = passwordInForce(values, name, container?.secretFile);
  if (value !== undefined) return value;
  throw new Failure("configuration", `The password of ${name} was not made yet.`, {
    fix: `npx doom up ${stack}`,
  });
}

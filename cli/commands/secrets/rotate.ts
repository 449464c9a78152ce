import { rotationTargets } from "../../../checks/secretRotation";
import { ROTATIONS_KEY } from "../../../config/keys";
import { parseSecrets } from "../../../config/secrets";
import { keyChecks } from "../../../config/serviceKeys";
import { Failure } from "../../../operations/failure";
import { blamingOtherRuns, refuseHeld } from "../../../operations/locks";
import { secretEntries } from "../../../operations/secretEntries";
import { type EnvironmentSession, openEnvironmentSession } from "../../../operations/stackSession";
import type { CommandContext } from "../../engineRun";
import type { Outcome } from "../../output";
import { type PresentSecrets, type SecretsChange, updateSecrets } from "../../secretsUpdate";
import { describeClaims } from "./claims";

/** `doom secrets rotate <stack> [name…]`: makes secrets anew, and proves that the old ones are gone. */
export async function rotateSecrets(
  stack: string,
  names: readonly string[],
  context: CommandContext,
): Promise<Outcome> {
  context.display.enter(`checking ${stack}`);
  const session = await openEnvironmentSession(stack);
  refuseHeld(session.project, stack);
  const entries = secretEntries(session.project, stack);
  const { skip } = chooseTargets(stack, entries, names);
  const update = await blamingOtherRuns(session.project, stack, () =>
    updateSecrets(session, context, (present) => rotation(session, present, names)),
  );
  context.display.stop();
  const skipped = skip.map(({ name }) => name);
  const text = [
    `New secrets are in force in ${stack}:`,
    describeClaims(update.claims),
    ...skipped.map(
      (name) => `  ${name} was left out: you set it (npx doom secrets set ${stack} ${name})`,
    ),
    "",
    `  Password   npx doom password ${stack}`,
  ].join("\n");
  return { text, data: { ...update, skipped } };
}

function chooseTargets(
  stack: string,
  entries: PresentSecrets["entries"],
  names: readonly string[],
) {
  const targets = rotationTargets(stack, entries, names);
  if ("problem" in targets) throw new Failure("usage", targets.problem, { fix: targets.fix });
  return targets;
}

/** One more for each; what waits for the next up already is made anew by that. */
function rotation(
  { stack, environment }: EnvironmentSession,
  { entries, given }: PresentSecrets,
  names: readonly string[],
): SecretsChange {
  const { rotate } = chooseTargets(stack, entries, names);
  const counts = rotate
    .filter(({ pending }) => !pending)
    .flatMap(({ name, rotation }) => ["--plaintext", `${ROTATIONS_KEY}.${name}=${rotation + 1}`]);
  return {
    names: rotate.map(({ name }) => name),
    given: parseSecrets(given, true, environment.instances, keyChecks(environment)),
    edits: counts.length === 0 ? [] : [{ args: ["set-all", "--path", ...counts] }],
  };
}

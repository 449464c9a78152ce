import type { SecretEntry } from "../checks/secretInventory";
import { isInForce, isUndecided, type SecretValues } from "../checks/secretValues";
import { containerOfSecret } from "../config/secrets";
import { environmentStatus } from "../operations/environmentStatus";
import { Failure } from "../operations/failure";
import { secretEntries } from "../operations/secretEntries";
import { type Claim, observeSecrets, proveSecrets } from "../operations/secretProof";
import { stackContainers } from "../operations/stackContainers";
import { type ConfigurationEdit, editConfiguration } from "../operations/stackFileEdit";
import type { EnvironmentSession } from "../operations/stackSession";
import { readGivenSecrets, readSecretValues } from "../operations/storedSecrets";
import { updateEnvironment } from "./commands/up";
import { type CommandContext, runEngine } from "./engineRun";
import type { Operation, Step } from "./updateProgress";

/** What `doom secrets set`, `unset` and `rotate` have in common: change, bring up, prove. */

/** The secrets of a stack as they are, in the clear. */
export interface PresentSecrets {
  readonly entries: readonly SecretEntry[];
  readonly values: SecretValues;
  /** The value of `doom-coding:secrets`, unchecked. */
  readonly given: unknown;
}

/** What is to become of them. */
export interface SecretsChange {
  /** The secrets that get another value. */
  readonly names: readonly string[];
  /** The passwords that the configuration sets afterwards, checked. */
  readonly given: ReadonlyMap<string, string>;
  readonly edits: readonly ConfigurationEdit[];
}

/** What was found to be true afterwards. */
export interface SecretsUpdate {
  readonly changes: Partial<Record<Operation, number>>;
  readonly claims: readonly Claim[];
}

/** Opens the secrets of the state and the configuration. */
export async function openSecrets(
  session: EnvironmentSession,
  context: CommandContext,
): Promise<PresentSecrets> {
  const { result } = await runEngine(
    session,
    context,
    { purpose: "read", phase: "opening the secrets" },
    () => Promise.all([readSecretValues(session), readGivenSecrets(session)]),
  );
  const [values, given] = result;
  return { entries: secretEntries(session.project, session.stack), values, given };
}

/** Changes the configuration; gives a function that takes it back. */
export async function changeConfiguration(
  session: EnvironmentSession,
  context: CommandContext,
  { edits }: SecretsChange,
): Promise<() => void> {
  const { result } = await runEngine(
    session,
    context,
    { purpose: "configure", phase: `changing Pulumi.${session.stack}.yaml` },
    () => editConfiguration(session, edits),
  );
  return result;
}

/**
 * Changes secrets of a running environment and proves that the change is in force.
 *
 * `decide` is asked when a change that was cut off is finished. What else waits in the configuration is
 * refused: the proof could not tell which change did what. Throws a {@link Failure} when a claim does
 * not hold.
 */
export async function updateSecrets(
  session: EnvironmentSession,
  context: CommandContext,
  decide: (present: PresentSecrets) => SecretsChange,
): Promise<SecretsUpdate> {
  const { stack } = session;
  const { url, present } = await requireSteady(session, context);
  const change = decide(present);
  const names = namesToProve(present, change);
  context.display.enter("logging in with the present passwords");
  const before = await observeSecrets(stack, url, names, present.values);
  const changes = await apply(session, context, change, names);
  const { values } = await openSecrets(session, context);
  context.display.enter("trying the old secrets and the new ones");
  const claims = await proveSecrets(stack, url, before, values);
  requireProven(stack, claims);
  return { changes, claims };
}

/** The condition of an environment that runs; throws a {@link Failure} for one that is down. */
export async function requireUp({ project, stack }: EnvironmentSession) {
  const { condition } = await environmentStatus(project, stack);
  if (condition !== "new" && condition !== "down") return condition;
  throw new Failure("usage", `${stack} is not up, so that a new secret could not be proven.`, {
    fix: `bring it up first (npx doom up ${stack}); set and unset can do without: --no-up`,
  });
}

/** A healthy environment with the secrets of its state, after a change that was cut off is finished. */
async function requireSteady(
  session: EnvironmentSession,
  context: CommandContext,
): Promise<{ url: string; present: PresentSecrets }> {
  await requireUp(session);
  const present = await openSecrets(session, context);
  const cutOff = await namesCutOff(session.stack, present);
  if (cutOff.length === 0) return { url: await urlOf(session), present };
  context.display.line(`first, a change that was cut off is finished: ${cutOff.join(", ")}`);
  const pending = present.entries.filter((entry) => entry.pending).map(({ name }) => name);
  await updateEnvironment(session, context, (steps) =>
    refuseOtherSteps(session.stack, [...cutOff, ...pending], steps),
  );
  return { url: await urlOf(session), present: await openSecrets(session, context) };
}

async function urlOf({ project, stack }: EnvironmentSession): Promise<string> {
  const { condition, url } = await environmentStatus(project, stack);
  if (condition === "healthy" && url !== undefined) return url;
  throw new Failure(
    "unhealthy",
    `${stack} is ${condition}, so that a secret could not be proven.`,
    {
      fix: `see what is wrong: npx doom status ${stack}`,
    },
  );
}

/** The secrets that were made, but that their containers do not run with or that were not given out. */
async function namesCutOff(stack: string, { entries, values }: PresentSecrets): Promise<string[]> {
  const containers = await stackContainers(stack);
  const isCutOff = (name: string) => {
    const file = containers.get(containerOfSecret(stack, name))?.secretFile;
    return file === undefined || !isInForce(values, name, file) || isUndecided(values, name);
  };
  return entries
    .filter(({ name, since }) => since !== undefined && isCutOff(name))
    .map(({ name }) => name);
}

/** What changes now, and what an earlier `--no-up` or an interrupted run left for the next up. */
function namesToProve(
  { entries, values }: PresentSecrets,
  { names, given }: SecretsChange,
): string[] {
  const waits = ({ name, pending }: SecretEntry) =>
    pending || (given.has(name) && given.get(name) !== values.passwords.get(name)?.password);
  return entries
    .filter(({ since }) => since !== undefined)
    .filter((entry) => names.includes(entry.name) || waits(entry))
    .map(({ name }) => name);
}

async function apply(
  session: EnvironmentSession,
  context: CommandContext,
  change: SecretsChange,
  names: readonly string[],
): Promise<SecretsUpdate["changes"]> {
  const takeBack = await changeConfiguration(session, context, change);
  let began = false;
  try {
    const { changes } = await updateEnvironment(session, context, (steps) => {
      refuseOtherSteps(session.stack, names, steps);
      began = true;
    });
    return changes;
  } catch (error) {
    if (!began) takeBack();
    throw error;
  }
}

const THINGS = new Set(["Container", "Network", "Volume", "RemoteImage"]);

function refuseOtherSteps(stack: string, names: readonly string[], steps: readonly Step[]): void {
  const expected = new Set(names.map((name) => containerOfSecret(stack, name)));
  const others = steps.filter(({ type, name }) => THINGS.has(type) && !expected.has(name));
  if (others.length === 0) return;
  throw new Failure("configuration", `More than secrets waits to be changed in ${stack}:`, {
    problems: others.map(({ operation, type, name }) => `${operation} ${type} ${name}`),
    fix: `bring it up to date first (npx doom up ${stack}); Pulumi.${stack}.yaml is as it was`,
  });
}

function requireProven(stack: string, claims: readonly Claim[]): void {
  const broken = claims.filter(({ holds }) => !holds);
  if (broken.length === 0) return;
  throw new Failure("update", `The new secrets of ${stack} are applied, but not proven:`, {
    problems: broken.map(({ secret, statement }) => `not true: ${secret ?? stack}: ${statement}`),
    fix: `take ${stack} for open to the old secrets until this is settled: npx doom down ${stack} closes it`,
  });
}

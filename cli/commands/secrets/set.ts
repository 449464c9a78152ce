import { ConfigError } from "../../../config/errors";
import { SECRETS_KEY } from "../../../config/keys";
import { parseSecrets, secretNames } from "../../../config/secrets";
import { keyChecks } from "../../../config/serviceKeys";
import { Failure } from "../../../operations/failure";
import { blamingOtherRuns, refuseHeld } from "../../../operations/locks";
import { readStackFile } from "../../../operations/project";
import type { ConfigurationEdit } from "../../../operations/stackFileEdit";
import { type EnvironmentSession, openEnvironmentSession } from "../../../operations/stackSession";
import type { CommandContext } from "../../engineRun";
import type { Outcome } from "../../output";
import {
  changeConfiguration,
  openSecrets,
  type PresentSecrets,
  requireUp,
  type SecretsChange,
  updateSecrets,
} from "../../secretsUpdate";
import { updateEnvironment } from "../up";
import { describeClaims } from "./claims";

export interface SetOptions {
  /** Whether the environment is brought up with it at once. */
  readonly up: boolean;
}

type Decide = (present: PresentSecrets) => SecretsChange;

/**
 * `doom secrets set <stack> <name>`: the user's own password for an editor.
 *
 * `readValue` is asked when everything else has been checked, so that nobody types one in vain.
 */
export async function setSecret(
  stack: string,
  name: string,
  options: SetOptions,
  readValue: (what: string) => Promise<string>,
  context: CommandContext,
): Promise<Outcome> {
  const session = await openForChange(stack, name, context);
  if (options.up) await requireUp(session);
  context.display.stop();
  const keys = keyChecks(session.environment);
  const isKey = Object.hasOwn(keys, name);
  const value = await readValue(`${isKey ? "key" : "password"} of ${name} in ${stack}`);
  parseSecrets({ [name]: value }, true, session.environment.instances, keys);
  if (isKey) return changeKey(session, name, options, context, settingOf(name, value));
  return change(session, name, options, context, (present) =>
    setting(session, name, value, present),
  );
}

/** `doom secrets unset <stack> <name>`: back to a generated password. */
export async function unsetSecret(
  stack: string,
  name: string,
  options: SetOptions,
  context: CommandContext,
): Promise<Outcome> {
  const session = await openForChange(stack, name, context);
  if (Object.hasOwn(keyChecks(session.environment), name))
    return changeKey(session, name, options, context, unsettingOf(name));
  return change(session, name, options, context, (present) => unsetting(session, name, present));
}

/** A service's key has no login to prove it by: whether it is any good, the service's own check says in the update. */
async function changeKey(
  session: EnvironmentSession,
  name: string,
  { up }: SetOptions,
  context: CommandContext,
  edit: ConfigurationEdit,
): Promise<Outcome> {
  const { project, stack } = session;
  return blamingOtherRuns(project, stack, async () => {
    await changeConfiguration(session, context, { names: [], given: new Map(), edits: [edit] });
    const changes = up ? (await updateEnvironment(session, context)).changes : undefined;
    context.display.stop();
    const text = up
      ? `The key ${name} of ${stack} is another one now; how it is doing: npx doom status ${stack}`
      : `Pulumi.${stack}.yaml is changed; this applies it: npx doom up ${stack}`;
    return { text, data: { name, applied: up, ...(changes ? { changes } : {}) } };
  });
}

function settingOf(name: string, value: string): ConfigurationEdit {
  return { args: ["set", "--secret", "--path", `${SECRETS_KEY}.${name}`], input: value };
}

function unsettingOf(name: string): ConfigurationEdit {
  return { args: ["rm", "--path", `${SECRETS_KEY}.${name}`] };
}

async function openForChange(
  stack: string,
  name: string,
  context: CommandContext,
): Promise<EnvironmentSession> {
  context.display.enter(`checking ${stack}`);
  const session = await openEnvironmentSession(stack);
  refuseHeld(session.project, stack);
  const known = [
    ...secretNames(session.environment.instances, false),
    ...Object.keys(keyChecks(session.environment)),
  ];
  if (!known.includes(name)) {
    throw new Failure("usage", `${stack} has no password or key ${JSON.stringify(name)} to set.`, {
      fix: `its own are ${known.join(", ")}`,
    });
  }
  if (readStackFile(session.project, stack).ciphertexts.has(SECRETS_KEY)) {
    throw new Failure("configuration", `${SECRETS_KEY} is encrypted as one text.`, {
      fix: `take it out (npx pulumi config rm ${SECRETS_KEY} -s ${stack}) and set each password by its name`,
    });
  }
  return session;
}

async function change(
  session: EnvironmentSession,
  name: string,
  { up }: SetOptions,
  context: CommandContext,
  decide: Decide,
): Promise<Outcome> {
  const { project, stack } = session;
  return blamingOtherRuns(project, stack, async () => {
    if (!up) {
      await changeConfiguration(session, context, decide(await openSecrets(session, context)));
      context.display.stop();
      const text = `Pulumi.${stack}.yaml is changed; this applies it: npx doom up ${stack}`;
      return { text, data: { name, applied: false } };
    }
    const update = await updateSecrets(session, context, decide);
    context.display.stop();
    const text = `${name} of ${stack} has another password now:\n${describeClaims(update.claims)}`;
    return { text, data: { name, applied: true, ...update } };
  });
}

function setting(
  { environment }: EnvironmentSession,
  name: string,
  value: string,
  { given, values }: PresentSecrets,
): SecretsChange {
  const at = `${SECRETS_KEY}.${name}`;
  for (const [other, { password }] of values.passwords) {
    if (other !== name && password === value) {
      throw new ConfigError([`${at}: the password is that of ${other}; each editor needs its own`]);
    }
  }
  return {
    names: [name],
    given: parseSecrets(
      { ...asMap(given), [name]: value },
      true,
      environment.instances,
      keyChecks(environment),
    ),
    edits: [settingOf(name, value)],
  };
}

function unsetting(
  { stack, environment }: EnvironmentSession,
  name: string,
  { given }: PresentSecrets,
): SecretsChange {
  const { [name]: present, ...others } = asMap(given);
  if (present === undefined) {
    throw new Failure("usage", `The password ${name} of ${stack} was not set by you.`, {
      fix: `another generated one: npx doom secrets rotate ${stack} ${name}`,
    });
  }
  return {
    names: [name],
    given: parseSecrets(others, true, environment.instances, keyChecks(environment)),
    edits: [unsettingOf(name)],
  };
}

/** The stack file was checked: one by one encrypted, it is a map. */
function asMap(given: unknown): Readonly<Record<string, unknown>> {
  return (given ?? {}) as Readonly<Record<string, unknown>>;
}

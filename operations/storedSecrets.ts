import { parseSecretValues, type SecretValues } from "../checks/secretValues";
import { SECRETS_KEY } from "../config/keys";
import type { StackSession } from "./stackSession";

/** A stack's secrets in the clear, for as long as a command needs them; nothing here prints or keeps one. */

/** The secrets of the stack's state. Throws an EngineError when the engine cannot open them. */
export async function readSecretValues(session: StackSession): Promise<SecretValues> {
  const { stdout } = await session.run(["stack", "export", "--show-secrets"]);
  return parseSecretValues(stdout);
}

/**
 * The value of `doom-coding:secrets` as it stands in the stack file, for `parseSecrets` to check.
 *
 * Throws an EngineError when the engine cannot open it.
 */
export async function readGivenSecrets(session: StackSession): Promise<unknown> {
  const { stdout } = await session.run(["config", "--show-secrets", "--json"]);
  const configuration = JSON.parse(stdout) as Record<string, { readonly value?: string }>;
  const text = configuration[SECRETS_KEY]?.value;
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes the text, which here can be a password; as text it fails the check.
    return text;
  }
}

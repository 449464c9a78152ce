import type { EnvironmentConfig } from "./schema";
import { TAILSCALE_KEY, tailscaleKeyProblem } from "./tailscale";

/** Keys of services elsewhere: only the user can give them, and an environment comes up without. */

/** The keys that an environment takes, by name; each gives what is wrong with a value, which it never repeats. */
export type KeyChecks = Readonly<Record<string, (key: unknown) => string | undefined>>;

/** The name in `doom-coding:secrets` of the key that Claude Code signs in with. */
export const ANTHROPIC_KEY = "anthropic-api-key";

export function keyChecks({ tailscale }: Pick<EnvironmentConfig, "tailscale">): KeyChecks {
  // Also while it is turned off: it may be turned on again.
  const anthropic = { [ANTHROPIC_KEY]: anthropicKeyProblem };
  if (!tailscale.enabled) return anthropic;
  const isTailscales = tailscale.controlServer === undefined;
  return { ...anthropic, [TAILSCALE_KEY]: (key) => tailscaleKeyProblem(key, isTailscales) };
}

/** Shorter ones are no keys, and a fingerprint in a file's name could give them away. */
const MIN_CHARACTERS = 20;
const MAX_CHARACTERS = 1024;

/** What is wrong with a key of Anthropic's, or of a gateway to it, or undefined. Never repeats it. */
function anthropicKeyProblem(key: unknown): string | undefined {
  if (typeof key !== "string") return "must be text; quote it in YAML";
  if (key === "") return "is empty";
  if (/\s/u.test(key)) return "holds white space or a line break; paste the key alone";
  if (!/^[\x21-\x7e]+$/.test(key)) return "holds characters that no key has";
  if (key.length < MIN_CHARACTERS) return `is shorter than ${MIN_CHARACTERS} characters`;
  if (key.length > MAX_CHARACTERS)
    return `is ${key.length} characters long; up to ${MAX_CHARACTERS} are allowed`;
  if (/placeholder|x{6}|\.{3}|[<>[\]]/i.test(key)) return "is a placeholder";
  if (/^v\d:[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+$/.test(key))
    return "is Pulumi ciphertext, pasted instead of the value";
  return undefined;
}

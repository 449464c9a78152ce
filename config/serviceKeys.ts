import { SECRETS_KEY } from "./keys";
import type { EnvironmentConfig } from "./schema";
import { TAILSCALE_KEY, tailscaleKeyProblem } from "./tailscale";

/** Keys of services elsewhere: only the user can give them, and an environment comes up without. */

/** The keys that an environment takes, by name; each gives what is wrong with a value, which it never repeats. */
export type KeyChecks = Readonly<Record<string, (key: unknown) => string | undefined>>;

/** The name in `doom-coding:secrets` of the key that Claude Code signs in with. */
export const ANTHROPIC_KEY = "anthropic-api-key";

/**
 * Keys are checked and kept while their service is turned off, too: it may be turned on again, and until then a key
 * that nothing reads is no reason to refuse an environment. {@link unusedKeyWarnings} tells of it.
 */
export function keyChecks({ tailscale }: Pick<EnvironmentConfig, "tailscale">): KeyChecks {
  // Of a node that is turned off, nobody says whose key it would take.
  const isTailscales = tailscale.enabled && tailscale.controlServer === undefined;
  return {
    [ANTHROPIC_KEY]: anthropicKeyProblem,
    [TAILSCALE_KEY]: (key) => tailscaleKeyProblem(key, isTailscales),
  };
}

/** A key, and the service that reads it. */
export interface ServiceKey {
  readonly name: string;
  /** The role of its containers, and its key in the configuration. */
  readonly service: "claude" | "tailscale";
  readonly enabled: boolean;
}

/** Every key that there is. */
export function serviceKeys({
  claude,
  tailscale,
}: Pick<EnvironmentConfig, "claude" | "tailscale">): ServiceKey[] {
  return [
    { name: ANTHROPIC_KEY, service: "claude", enabled: claude.enabled },
    { name: TAILSCALE_KEY, service: "tailscale", enabled: tailscale.enabled },
  ];
}

/** A line for each key that is set and that nothing reads. */
export function unusedKeyWarnings(
  stack: string,
  environment: Pick<EnvironmentConfig, "claude" | "tailscale">,
  given: ReadonlySet<string>,
): string[] {
  return serviceKeys(environment)
    .filter(({ name, enabled }) => given.has(name) && !enabled)
    .map(
      ({ name, service }) =>
        `${SECRETS_KEY}.${name}: is kept, and nothing reads it, since ${service}.enabled is false; npx doom secrets unset ${stack} ${name} takes it out`,
    );
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

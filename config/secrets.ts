import { ConfigError } from "./errors";
import { SECRETS_KEY } from "./keys";
import { dockerName } from "./names";
import { formatPath } from "./problems";
import type { KeyChecks } from "./serviceKeys";
import { TAILSCALE_KEY } from "./tailscale";

/** The variable in which the generator of a password gets the one that the user set. */
export const GIVEN_PASSWORD_VARIABLE = "DOOM_GIVEN_PASSWORD";

/** The name in {@link SECRETS_KEY} of the password of one editor. */
export function passwordName(index: number): string {
  return `code-server-${index}`;
}

/** The number of the editor that a password is named after; undefined for any other secret. */
export function editorNumber(name: string): number | undefined {
  const digits = /^code-server-([1-9]\d*)$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The name of the gateway's certificate with its key; it is always generated. */
export const CERTIFICATE = "certificate";

/** The names of the secrets of an environment with `instances` editors, over TLS or not. */
export function secretNames(instances: number, tls: boolean): string[] {
  const passwords = Array.from({ length: instances }, (_, index) => passwordName(index + 1));
  return tls ? [...passwords, CERTIFICATE] : passwords;
}

/** The name of the container that the secret called `name` belongs to. */
export function containerOfSecret(stack: string, name: string): string {
  if (name === TAILSCALE_KEY) return dockerName(stack, "tailscale");
  const editor = editorNumber(name);
  return editor === undefined
    ? dockerName(stack, "gateway")
    : dockerName(stack, "code-server", editor);
}

const MIN_CHARACTERS = 8;
const MAX_BYTES = 1024;
const PLACEHOLDER =
  /^(change[-_ ]?me.*|password\d*|passw0rd|secret|\[.*\]|<.*>|your[-_ ].*|12345678\d*|x+)$/i;

/**
 * What is wrong with a password, or undefined. Never repeats the password.
 *
 * The limits come from code-server: it trims what is typed at the login but not what it is given
 * (space or a newline at an end locks everybody out), and it reads its file as one YAML line.
 */
export function passwordProblem(password: unknown): string | undefined {
  if (password === null || typeof password === "object") return "must be text";
  if (typeof password !== "string")
    return `must be text, got a ${typeof password}; quote it in YAML`;
  if (password.trim() === "") return "is empty or blank: nobody could log in, or everybody";
  if (password.trim() !== password)
    return "begins or ends with white space, which the login page cuts off";
  if (/[\p{Cc}\p{Cs}\u2028\u2029\ufffd]/u.test(password))
    return "holds a line break, a control character or bytes that are not UTF-8";
  if ([...password].length < MIN_CHARACTERS) return `is shorter than ${MIN_CHARACTERS} characters`;
  const bytes = Buffer.byteLength(password);
  if (bytes > MAX_BYTES) return `is ${bytes} bytes long; up to ${MAX_BYTES} are allowed`;
  if (PLACEHOLDER.test(password)) return "is a placeholder";
  if (/^v\d:[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+$/.test(password))
    return "is Pulumi ciphertext, pasted instead of the value";
  if (/^[0-9a-f]{64}$/i.test(password) || password.startsWith("$argon2"))
    return "is a hash; set the password itself, only its hash reaches the editor";
  return undefined;
}

/**
 * Checks the value of `doom-coding:secrets` for an environment with `instances` editors that takes `keys`.
 *
 * `encrypted` says whether Pulumi holds the key as a secret. Throws {@link ConfigError}; no
 * message holds a value.
 */
export function parseSecrets(
  value: unknown,
  encrypted: boolean,
  instances: number,
  keys: KeyChecks = {},
): Map<string, string> {
  if (value === undefined) return new Map();
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ConfigError([`${SECRETS_KEY}: must be a map such as {"${passwordName(1)}": …}`]);
  }
  const entries = Object.entries(value);
  const known = new Set([...secretNames(instances, false), ...Object.keys(keys)]);
  const problems = entries.flatMap(([name, secret]) => {
    const at = `${SECRETS_KEY}${formatPath([name])}`;
    if (!known.has(name)) return [`${at}: unknown; this environment has ${[...known].join(", ")}`];
    const isKey = Object.hasOwn(keys, name);
    const problem = isKey ? keys[name]?.(secret) : passwordProblem(secret);
    return problem ? [`${at}: the ${isKey ? "key" : "password"} ${problem}`] : [];
  });
  const passwords = entries.flatMap(([name, secret]) =>
    Object.hasOwn(keys, name) ? [] : [secret],
  );
  if (new Set(passwords).size < passwords.length)
    problems.push(`${SECRETS_KEY}: two editors share one password`);
  if (!encrypted && entries.length > 0) {
    problems.push(
      `${SECRETS_KEY}: stands in plain text; set it with \`pulumi config set --secret --path\`, and change the password, since it was readable`,
    );
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return new Map(entries as [string, string][]);
}

import { ConfigError } from "./errors";
import { SECRETS_KEY } from "./keys";
import { dockerName } from "./names";
import { formatPath } from "./problems";

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

/** The name in {@link SECRETS_KEY} of the key that Claude Code signs in with. */
export const ANTHROPIC_KEY = "anthropic-api-key";

/** The name in {@link SECRETS_KEY} of the key with which an environment joins its tailnet. */
export const TAILSCALE_KEY = "tailscale-auth-key";

/** Keys of services elsewhere: only the user can give them, and an environment comes up without. */
const EXTERNAL_KEYS: readonly string[] = [ANTHROPIC_KEY, TAILSCALE_KEY];

/** Whether a secret is a key of a service elsewhere. */
export function isExternalKey(name: string): boolean {
  return EXTERNAL_KEYS.includes(name);
}

/** The names of the secrets that may be set in an environment with `instances` editors. */
export function settableNames(instances: number): string[] {
  return [...secretNames(instances, false), ...EXTERNAL_KEYS];
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
  if (CIPHERTEXT.test(password)) return "is Pulumi ciphertext, pasted instead of the value";
  if (/^[0-9a-f]{64}$/i.test(password) || password.startsWith("$argon2"))
    return "is a hash; set the password itself, only its hash reaches the editor";
  return undefined;
}

/** Shorter ones are no keys, and a fingerprint in a file's name could give them away. */
const MIN_KEY_CHARACTERS = 20;

/** What is wrong with a key of a service elsewhere, or undefined. Never repeats it. */
export function keyProblem(key: unknown): string | undefined {
  if (typeof key !== "string") return "must be text; quote it in YAML";
  if (key === "") return "is empty";
  if (/\s/u.test(key)) return "holds white space or a line break; paste the key alone";
  if (!/^[\x21-\x7e]+$/.test(key)) return "holds characters that no key has";
  if (key.length < MIN_KEY_CHARACTERS) return `is shorter than ${MIN_KEY_CHARACTERS} characters`;
  if (key.length > MAX_BYTES)
    return `is ${key.length} characters long; up to ${MAX_BYTES} are allowed`;
  if (PLACEHOLDER.test(key) || /placeholder|x{6}|\.{3}/i.test(key)) return "is a placeholder";
  if (CIPHERTEXT.test(key)) return "is Pulumi ciphertext, pasted instead of the value";
  return undefined;
}

const CIPHERTEXT = /^v\d:[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+$/;

/**
 * Checks the value of `doom-coding:secrets` for an environment with `instances` editors.
 *
 * `encrypted` says whether Pulumi holds the key as a secret. Throws {@link ConfigError}; no
 * message holds a value.
 */
export function parseSecrets(
  value: unknown,
  encrypted: boolean,
  instances: number,
): Map<string, string> {
  if (value === undefined) return new Map();
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ConfigError([`${SECRETS_KEY}: must be a map such as {"${passwordName(1)}": …}`]);
  }
  const entries = Object.entries(value);
  const known = new Set(settableNames(instances));
  const problems = entries.flatMap(([name, secret]) => {
    const at = `${SECRETS_KEY}${formatPath([name])}`;
    if (!known.has(name)) return [`${at}: unknown; this environment has ${[...known].join(", ")}`];
    const [what, problem] = isExternalKey(name)
      ? ["key", keyProblem(secret)]
      : ["password", passwordProblem(secret)];
    return problem ? [`${at}: the ${what} ${problem}`] : [];
  });
  const passwords = entries.flatMap(([name, secret]) => (isExternalKey(name) ? [] : [secret]));
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

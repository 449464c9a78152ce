import { CERTIFICATE, passwordName } from "../config/secrets";
import { secretFingerprint } from "./secretFingerprint";
import { secretNameOf } from "./secretInventory";

/** A stack's secrets in the clear, out of its decrypted state. For a moment in memory, and nowhere else. */

export interface MadePassword {
  readonly password: string;
  /** Its Argon2 hash: the content of the secret file, and the value of a session's cookie. */
  readonly hash: string;
}

export interface SecretValues {
  /** The passwords as their generators made them last, by name (`code-server-1`). */
  readonly passwords: ReadonlyMap<string, MadePassword>;
  /** The passwords that the last run to its end gave out, by name. */
  readonly published: ReadonlyMap<string, string>;
  /** The gateway's certificate and key as one PEM text; undefined without TLS. */
  readonly certificate?: string;
}

const MARK = "4dabf18193072939515e22adb298388d";

/**
 * Reads what `pulumi stack export --show-secrets` prints.
 *
 * Throws an error that says what is wrong with it and holds no part of it.
 */
export function parseSecretValues(text: string): SecretValues {
  const { deployment } = parse(text, "the exported state") as { deployment?: Deployment };
  const resources = deployment?.resources ?? [];
  const made = resources.flatMap((resource): [string, string][] => {
    const name = secretNameOf(resource);
    const stdout = plain(resource.outputs?.stdout);
    // A generator that failed at its first try stands there without any output.
    return name === undefined || typeof stdout !== "string" ? [] : [[name, stdout]];
  });
  const root = resources.find(({ type }) => type === "pulumi:pulumi:Stack");
  const published = (plain(root?.outputs?.passwords) ?? {}) as Record<string, string>;
  const certificate = made.find(([name]) => name === CERTIFICATE)?.[1];
  return {
    passwords: new Map(
      made
        .filter(([name]) => name !== CERTIFICATE)
        .map(([name, stdout]) => [name, parse(stdout, `the secret ${name}`) as MadePassword]),
    ),
    published: new Map(
      Object.entries(published).map(([index, value]) => [passwordName(Number(index)), value]),
    ),
    ...(certificate === undefined ? {} : { certificate }),
  };
}

interface Deployment {
  readonly resources?: readonly {
    readonly urn: string;
    readonly type: string;
    readonly outputs?: Readonly<Record<string, unknown>>;
  }[];
}

/** A secret stands in an envelope, as JSON within JSON. */
function plain(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, MARK)) return value;
  return parse(String((value as { plaintext?: unknown }).plaintext), "a secret of the state");
}

/** The parser's own message quotes what it was given. */
function parse(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${what} is not JSON`);
  }
}

/**
 * Whether the container that mounts `mountedFile` runs with what was made last under `name`.
 *
 * Until an update replaces it, a container goes on with the secret in its file, whose path ends with the
 * fingerprint of what it holds.
 */
export function isInForce(
  { passwords, certificate }: SecretValues,
  name: string,
  mountedFile: string,
): boolean {
  const content = name === CERTIFICATE ? certificate : passwords.get(name)?.hash;
  return content !== undefined && mountedFile.endsWith(`-${secretFingerprint(content)}`);
}

/**
 * The password that opens the editor called `name` at this moment; undefined when there is none yet.
 *
 * The one that was made last, unless an update was cut off before the editor's container was replaced;
 * `mountedFile` is undefined when there is no container.
 */
export function passwordInForce(
  values: SecretValues,
  name: string,
  mountedFile: string | undefined,
): string | undefined {
  const made = values.passwords.get(name)?.password;
  const published = values.published.get(name);
  if (published === undefined || mountedFile === undefined) return made ?? published;
  return isInForce(values, name, mountedFile) ? made : published;
}

/** Whether two passwords may open the editor called `name`, so that its container has to be asked. */
export function isUndecided({ passwords, published }: SecretValues, name: string): boolean {
  return published.has(name) && published.get(name) !== passwords.get(name)?.password;
}

import type { NamedSecret } from "./secretSearch";

/** Every secret of a stack, from its decrypted state and configuration. In memory only. */

/** How an exported state marks a secret (sdk/go/common/resource/plugin, `SigKey` and `SecretSig`). */
const SIGNATURE_KEY = "4dabf18193072939515e22adb298388d";
const SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270";

/** A value of the configuration, as `pulumi config --json --show-secrets` gives it. */
export interface ConfigValue {
  readonly value?: string;
  readonly secret?: boolean;
}

/** What secrets may come from. */
export interface SecretSources {
  /** As `pulumi stack export --show-secrets` gives it under `deployment`. */
  readonly deployment: unknown;
  readonly config: Readonly<Record<string, ConfigValue>>;
  /** Undefined when the stack's secrets are encrypted in another way. */
  readonly passphrase: string | undefined;
}

/** The name by which the passphrase goes in {@link stackSecrets}. */
export const PASSPHRASE = "the passphrase";

/**
 * The secrets with a name that says where they are kept, each value once.
 *
 * Whatever is marked secret counts, with every text within it: a kind of secret that is added later
 * needs no line here. Empty values are none.
 */
export function stackSecrets({ deployment, config, passphrase }: SecretSources): NamedSecret[] {
  const found = [
    ...(passphrase === undefined ? [] : [{ name: PASSPHRASE, value: passphrase }]),
    ...Object.entries(config).flatMap(([key, { value, secret }]) =>
      secret ? texts(value, key) : [],
    ),
    ...resourcesOf(deployment).flatMap(({ urn, inputs, outputs }) => {
      const resource = String(urn).slice(String(urn).lastIndexOf("::") + 2);
      return [...marked(outputs, ""), ...marked(inputs, "")].map(({ name, value }) => ({
        name: `${name} of ${resource}`,
        value,
      }));
    }),
  ].filter(({ value }) => value !== "");
  return found.filter(
    ({ value }, index) => found.findIndex((other) => other.value === value) === index,
  );
}

interface ExportedResource {
  readonly urn?: unknown;
  readonly inputs?: unknown;
  readonly outputs?: unknown;
}

function resourcesOf(deployment: unknown): ExportedResource[] {
  const { resources, pending_operations: pending } = (deployment ?? {}) as {
    resources?: ExportedResource[];
    pending_operations?: { resource: ExportedResource }[];
  };
  return [...(resources ?? []), ...(pending ?? []).map(({ resource }) => resource)];
}

/** The texts within whatever is marked secret, with their paths. */
function marked(value: unknown, path: string): NamedSecret[] {
  if (typeof value !== "object" || value === null) return [];
  const map = value as Record<string, unknown>;
  if (map[SIGNATURE_KEY] === SECRET_SIGNATURE) return texts(map.plaintext, path);
  return Object.entries(map).flatMap(([key, inner]) => marked(inner, join(path, key)));
}

/** The texts within a value; a text that is a JSON document counts by its parts. */
function texts(value: unknown, path: string): NamedSecret[] {
  if (value === undefined || value === null) return [];
  if (typeof value === "object")
    return Object.entries(value).flatMap(([key, inner]) => texts(inner, join(path, key)));
  const inner = jsonIn(String(value));
  return inner === undefined ? [{ name: path, value: String(value) }] : texts(inner, path);
}

function jsonIn(text: string): unknown {
  if (!/^\s*["{[]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // A password may begin with a brace.
    return undefined;
  }
}

function join(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

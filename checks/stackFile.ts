import { isScalar, LineCounter, parseDocument, Scalar, visit } from "yaml";
import { ConfigError } from "../config/errors";
import { ENVIRONMENT_KEY, KNOWN_KEYS, ROTATIONS_KEY, SECRETS_KEY } from "../config/keys";
import { formatPath } from "../config/problems";

/** What a `Pulumi.<stack>.yaml` says, before its values are checked. */
export interface StackFile {
  /** The value of `doom-coding:environment`; undefined when the key is missing. */
  readonly environment: unknown;
  /** The value of `doom-coding:rotations`; undefined when the key is missing. */
  readonly rotations: unknown;
  /** Every encrypted value by its path, such as `doom-coding:secrets.code-server-1`. */
  readonly ciphertexts: ReadonlyMap<string, string>;
  /** Pulumi's proof of the stack's passphrase; undefined before `pulumi stack init`. */
  readonly encryptionSalt?: string;
  /** A secrets provider other than the passphrase, such as `awskms://…`. */
  readonly secretsProvider?: string;
}

/** What Pulumi itself reads from a stack file (sdk/go/common/workspace/project.go). */
const TOP_LEVEL_KEYS = new Set([
  "config",
  "encryptionsalt",
  "encryptedkey",
  "secretsprovider",
  "environment",
]);

const NUMBER_NOTATION =
  "write it as a plain decimal number, or in quotes when text is meant (YAML parsers disagree on it)";

/**
 * Plain scalars that YAML parsers read differently. The engine is a Go program with yaml.v3 (octal
 * 010, 1_000), editors and this check follow YAML 1.2: nobody may be left to guess.
 */
const AMBIGUOUS: readonly (readonly [RegExp, string])[] = [
  [/^[-+]?0[0-9_]+$/, NUMBER_NOTATION],
  [/^[-+]?0[xXoObB][0-9a-fA-F_]+$/, NUMBER_NOTATION],
  [/^[-+]?[0-9]+(_[0-9]+)+$/, NUMBER_NOTATION],
  [/^(y|yes|n|no|on|off)$/i, "write true or false, or put it in quotes when text is meant"],
];

/**
 * Parses the bytes of a stack file strictly; `name` is the file's name for the messages.
 *
 * Throws {@link ConfigError} with every problem as `file:line:column: what`.
 */
export function parseStackFile(bytes: Uint8Array, name: string): StackFile {
  const text = decode(bytes, name);
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
    strict: true,
  });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${name}:${line}:${col}`;
  };
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    throw new ConfigError(faults.map((fault) => `${at(fault.pos[0])}: ${describe(fault)}`));
  }
  const problems: string[] = [];
  visit(document, {
    Scalar(key, node) {
      const problem = key === "key" ? undefined : ambiguity(node);
      if (problem) problems.push(`${at(node.range?.[0] ?? 0)}: ${problem}`);
    },
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return readKeys(document.toJS(), name);
}

function decode(bytes: Uint8Array, name: string): string {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    throw new ConfigError([
      `${name}:1:1: begins with a byte order mark; save it as UTF-8 without one`,
    ]);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    // The decoder says no more than that it failed.
    throw new ConfigError([`${name}: is not UTF-8 text`]);
  }
}

function describe(fault: { readonly code: string; readonly message: string }): string {
  if (fault.code === "TAB_AS_INDENT") return "a tab in the indentation; use spaces";
  if (fault.code === "DUPLICATE_KEY") return "the key stands twice; only one can count";
  return fault.message;
}

function ambiguity(node: Scalar): string | undefined {
  if (!isScalar(node) || node.type !== Scalar.PLAIN || node.source === undefined) return undefined;
  const source = node.source;
  const rule = AMBIGUOUS.find(([pattern]) => pattern.test(source));
  return rule ? `${source}: ${rule[1]}` : undefined;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readKeys(root: unknown, name: string): StackFile {
  // An empty file is what `touch` leaves: it says nothing, so every key is missing.
  const file = root ?? {};
  if (!isMap(file)) throw new ConfigError([`${name}: must be a map with the key config`]);
  const config = file.config ?? {};
  if (!isMap(config)) throw new ConfigError([`${name}: config must be a map of keys`]);
  const problems = [
    ...Object.keys(file)
      .filter((key) => !TOP_LEVEL_KEYS.has(key))
      .map((key) => `${name}: unknown key ${key}; known: ${[...TOP_LEVEL_KEYS].join(", ")}`),
    ...Object.keys(config)
      .filter((key) => key.startsWith("doom-coding:"))
      .filter((key) => !KNOWN_KEYS.includes(key))
      .map((key) => `${name}: unknown key ${key}; known: ${KNOWN_KEYS.join(", ")}`),
    ...plainSecrets(config[SECRETS_KEY]).map(
      (path) =>
        `${name}: ${SECRETS_KEY}${path} stands in plain text; set it with \`pulumi config set --secret --path\`, and change it, since it was readable`,
    ),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    environment: config[ENVIRONMENT_KEY],
    rotations: config[ROTATIONS_KEY],
    ciphertexts: new Map(
      Object.entries(config).flatMap(([key, value]) => ciphertextsIn(value, key)),
    ),
    ...optionalText("encryptionSalt", file.encryptionsalt),
    ...optionalText("secretsProvider", file.secretsprovider),
  };
}

function optionalText<K extends string>(key: K, value: unknown): { [P in K]?: string } {
  return (typeof value === "string" && value !== "" ? { [key]: value } : {}) as {
    [P in K]?: string;
  };
}

/** The paths of values that are not `{secure: <ciphertext>}`. The values themselves stay out. */
function plainSecrets(value: unknown, path = ""): string[] {
  if (value === undefined) return [];
  if (!isMap(value)) return [path];
  if (typeof value.secure === "string") return [];
  return Object.entries(value).flatMap(([key, inner]) => plainSecrets(inner, `${path}.${key}`));
}

/** Values that are `{secure: <ciphertext>}`, wherever they stand below `path`. */
function ciphertextsIn(value: unknown, path: string): [string, string][] {
  if (typeof value !== "object" || value === null) return [];
  if (isMap(value) && typeof value.secure === "string") return [[path, value.secure]];
  return Object.entries(value).flatMap(([key, inner]) =>
    ciphertextsIn(inner, path + formatPath([Array.isArray(value) ? Number(key) : key])),
  );
}

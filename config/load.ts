import * as pulumi from "@pulumi/pulumi";
import { ConfigError } from "./errors";
import { ENVIRONMENT_KEY, KNOWN_KEYS, ROTATIONS_KEY, SECRETS_KEY } from "./keys";
import { checkStackName } from "./names";
import { parseRotations } from "./rotations";
import { type EnvironmentConfig, parseEnvironment } from "./schema";
import { refuseOlderSchema } from "./schemaVersion";
import { parseSecrets } from "./secrets";
import { keyChecks, unusedKeyWarnings } from "./serviceKeys";

/** Everything that a stack's configuration says. */
export interface LoadedConfig {
  readonly stack: string;
  readonly environment: EnvironmentConfig;
  /** Secrets that the user set, by name; what is absent is generated. */
  readonly secrets: ReadonlyMap<string, pulumi.Output<string>>;
  /** How often a generated secret was made anew, by name; what is absent never was. */
  readonly rotations: ReadonlyMap<string, number>;
  /** What is allowed and may yet be a mistake, a line each; nothing secret. */
  readonly warnings: readonly string[];
}

/**
 * Whether Pulumi holds the key encrypted. The SDK has the function but keeps it out of its types;
 * nothing public answers the question, and a plain-text secret must not pass for an encrypted one.
 */
const { isConfigSecret } = pulumi.runtime as unknown as {
  isConfigSecret(key: string): boolean;
};

function refuseUnknownKeys(): void {
  const unknown = Object.keys(pulumi.runtime.allConfig()).filter(
    (key) => key.startsWith("doom-coding:") && !KNOWN_KEYS.includes(key),
  );
  if (unknown.length > 0) {
    throw new ConfigError(
      unknown.map((key) => `${key}: unknown key; known: ${KNOWN_KEYS.join(", ")}`),
    );
  }
}

/** These go into plain state, labels and container settings: nothing in them stays secret. */
function refuseEncryptedSettings(): void {
  const encrypted = [ENVIRONMENT_KEY, ROTATIONS_KEY].filter(isConfigSecret);
  if (encrypted.length > 0) {
    throw new ConfigError(
      encrypted.map(
        (key) =>
          `${key}: holds an encrypted value, but all of it is used in plain text; only ${SECRETS_KEY} is for secrets`,
      ),
    );
  }
}

/**
 * The value of a key: from JSON, or the text itself, which then fails the check of its shape.
 *
 * Not `getObject`: its error repeats a text that is no JSON, which here can be a password.
 */
function readValue(name: string): unknown {
  const text = new pulumi.Config("doom-coding").get(name);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/**
 * Reads and checks the configuration of the current stack: the only reader of `pulumi.Config`.
 *
 * Throws {@link ConfigError} before anything is created.
 */
export function loadConfig(): LoadedConfig {
  const stack = checkStackName(pulumi.getStack());
  refuseUnknownKeys();
  refuseEncryptedSettings();
  const value = readValue("environment");
  refuseOlderSchema(value, stack);
  const environment = parseEnvironment(value);
  // Secrets come in the clear and unmarked: each is wrapped again before it goes anywhere.
  const plain = parseSecrets(
    readValue("secrets"),
    isConfigSecret(SECRETS_KEY),
    environment.instances,
    keyChecks(environment),
  );
  const secrets = new Map([...plain].map(([name, value]) => [name, pulumi.secret(value)]));
  const warnings = unusedKeyWarnings(stack, environment, new Set(plain.keys()));
  const rotations = parseRotations(readValue("rotations"));
  return { stack, environment, secrets, rotations, warnings };
}

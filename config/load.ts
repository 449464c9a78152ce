import * as pulumi from "@pulumi/pulumi";
import { ConfigError } from "./errors";
import { checkStackName } from "./names";
import { ENVIRONMENT_KEY, type EnvironmentConfig, parseEnvironment } from "./schema";
import { parseSecrets, SECRETS_KEY } from "./secrets";

/** Everything that a stack's configuration says. */
export interface LoadedConfig {
  readonly stack: string;
  readonly environment: EnvironmentConfig;
  /** Secrets that the user set, by name; what is absent is generated. */
  readonly secrets: ReadonlyMap<string, pulumi.Output<string>>;
}

/**
 * Whether Pulumi holds the key encrypted. The SDK has the function but keeps it out of its types;
 * nothing public answers the question, and a plain-text secret must not pass for an encrypted one.
 */
const { isConfigSecret } = pulumi.runtime as unknown as {
  isConfigSecret(key: string): boolean;
};

const KNOWN_KEYS = new Set([ENVIRONMENT_KEY, SECRETS_KEY]);

function refuseUnknownKeys(): void {
  const unknown = Object.keys(pulumi.runtime.allConfig()).filter(
    (key) => key.startsWith("doom-coding:") && !KNOWN_KEYS.has(key),
  );
  if (unknown.length > 0) {
    throw new ConfigError(
      unknown.map((key) => `${key}: unknown key; known: ${[...KNOWN_KEYS].join(", ")}`),
    );
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
  const config = new pulumi.Config("doom-coding");
  const environment = parseEnvironment(config.getObject("environment"));
  // getObject gives secrets in the clear and unmarked: each is wrapped again before it goes anywhere.
  const plain = parseSecrets(
    config.getObject("secrets"),
    isConfigSecret(SECRETS_KEY),
    environment.instances,
  );
  const secrets = new Map([...plain].map(([name, value]) => [name, pulumi.secret(value)]));
  return { stack, environment, secrets };
}

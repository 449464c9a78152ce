import { ConfigError } from "./errors";
import { ENVIRONMENT_KEY } from "./keys";

/** The version of the schema in `schema.ts`; a step in `migrations/` leads to each new one. */
export const SCHEMA_VERSION = 1;

/**
 * Refuses an environment of an older schema with the command that brings it up to date: each of its
 * keys would be an error of its own otherwise. Throws {@link ConfigError}.
 */
export function refuseOlderSchema(environment: unknown, stack: string): void {
  if (typeof environment !== "object" || environment === null) return;
  const { schemaVersion } = environment as { schemaVersion?: unknown };
  if (typeof schemaVersion !== "number" || !(schemaVersion < SCHEMA_VERSION)) return;
  throw new ConfigError([
    `${ENVIRONMENT_KEY}: has schemaVersion ${schemaVersion}; run \`npx doom migrate config ${stack}\``,
  ]);
}

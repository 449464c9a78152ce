import { chmodSync, statSync } from "node:fs";
import { type EnvUpgrade, upgradeEnv } from "../config/migrations/envUpgrade";
import { replaceFile } from "./replaceFile";
import { readEnvFile } from "./stackMigration";

/** What was done to an `.env` file. */
export interface EnvFileMigration extends Omit<EnvUpgrade, "text"> {
  readonly changed: boolean;
  /** Whether others could read the file until now. */
  readonly wasReadable: boolean;
  readonly backup: string | undefined;
}

const OWNER_ONLY = 0o600;

/**
 * Brings the installer's `.env` at `path` to its newest form, in place, and makes it its owner's alone.
 *
 * With `dryRun` nothing is written. Throws a Failure or a ConfigError; the file is as it was then.
 */
export function migrateEnvFile(path: string, dryRun = false): EnvFileMigration {
  const env = readEnvFile(path);
  const { text, steps, keys } = upgradeEnv(env);
  const before = Buffer.from(env.bytes).toString("utf8");
  const { mode } = statSync(path);
  const result = { steps, keys, changed: text !== before, wasReadable: (mode & 0o077) !== 0 };
  if (dryRun) return { ...result, backup: undefined };
  if (result.changed) {
    const backup = replaceFile({ path, before, after: text, secret: true, backup: true });
    return { ...result, backup };
  }
  if (result.wasReadable) chmodSync(path, mode & OWNER_ONLY);
  return { ...result, backup: undefined };
}

import { addToEnvFile } from "../envAdditions";
import { shownName } from "../envFile";
import { readInstallerEnv } from "../installerEnv";
import type { TakenStep } from "./chain";
import { ENV_CHAIN } from "./index";
import type { NamedFile } from "./parts";
import { planConfiguration } from "./plan";
import { type KeyReport, reportKeys } from "./report";

/** An `.env` of the installer in its newest form. */
export interface EnvUpgrade {
  /** The file's text: what it had, and the new settings at its end. */
  readonly text: string;
  readonly steps: readonly TakenStep[];
  readonly keys: readonly KeyReport[];
}

/**
 * Brings an `.env` of the installer to the newest form that the installer knew.
 *
 * Throws a ConfigError for a file that could not become a stack, either: a value that is wrong now
 * does not get better by more of them.
 */
export function upgradeEnv(env: NamedFile): EnvUpgrade {
  planConfiguration({ stackFile: undefined, env, freeRange: (proposed) => proposed });
  const { configuration, version } = readInstallerEnv(env.bytes, env.name);
  const migration = ENV_CHAIN.migrate(configuration, version);
  const keys = reportKeys(configuration, migration).map((report) => ({
    ...report,
    key: shownName(report.key),
  }));
  const additions = keys.flatMap((report) =>
    report.outcome === "added"
      ? [{ name: report.key, value: String(report.value), reason: report.reason }]
      : [],
  );
  const text = addToEnvFile(Buffer.from(env.bytes).toString("utf8"), additions);
  return { text, steps: migration.taken, keys };
}

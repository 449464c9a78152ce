import { isDeepStrictEqual } from "node:util";
import { shownName } from "../envFile";
import { ConfigError } from "../errors";
import type { FlatSettings } from "../flatSettings";
import { readInstallerEnv } from "../installerEnv";
import { ENVIRONMENT_KEY } from "../keys";
import { showValue } from "../problems";
import { SCHEMA_VERSION } from "../schemaVersion";
import type { TakenStep } from "./chain";
import { CHAIN, schemaName } from "./index";
import { type KeyReport, reportKeys } from "./report";

/** A file by what messages call it. */
export interface NamedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What one of the two files contributes. */
export interface Part {
  readonly settings: FlatSettings;
  readonly secrets: ReadonlyMap<string, string>;
  readonly steps: readonly TakenStep[];
  readonly keys: readonly KeyReport[];
  /** Where a setting stands in its file, by its present path. */
  readonly places: ReadonlyMap<string, string>;
}

/** The settings of a stack's file, at the current schema. Throws {@link ConfigError} for an unknown version. */
export function stackPart(settings: FlatSettings): Part {
  const nothing: Part = {
    settings,
    secrets: new Map(),
    steps: [],
    keys: [],
    places: new Map(),
  };
  if (settings.size === 0) return nothing;
  const version = knownSchema(settings.get("schemaVersion"));
  const before = { settings, secrets: new Map<string, string>() };
  const migration = CHAIN.migrate(before, version);
  if (migration.taken.length === 0) return nothing;
  const keys = reportKeys(before, migration);
  const places = [...renamings(keys)].map(([to, key]): [string, string] => [
    to,
    `${ENVIRONMENT_KEY}.${key}`,
  ]);
  return {
    ...nothing,
    settings: migration.configuration.settings,
    steps: migration.taken,
    keys,
    places: new Map(places),
  };
}

function knownSchema(version: unknown): string {
  if (typeof version === "number" && CHAIN.versions.includes(schemaName(version)))
    return schemaName(version);
  const newer = typeof version === "number" && version > SCHEMA_VERSION;
  throw new ConfigError([
    `${ENVIRONMENT_KEY}.schemaVersion: got ${showValue(version)}; allowed: a whole number from 0 to ${SCHEMA_VERSION}${newer ? " (a newer doom-coding wrote this file)" : ""}`,
  ]);
}

/** What an `.env` adds to the settings and secrets that the stack has. Throws {@link ConfigError}. */
export function envPart(env: NamedFile, own: FlatSettings, ownSecrets: readonly string[]): Part {
  const { configuration, version, entries } = readInstallerEnv(env.bytes, env.name);
  const migration = CHAIN.migrate(configuration, version);
  const { settings, secrets } = migration.configuration;
  const keys = reportKeys(configuration, migration).flatMap((report) =>
    besideOwn(report, settings, own, ownSecrets),
  );
  const isNew = (key: string) =>
    keys.some((report) =>
      "to" in report ? report.to === key : report.outcome === "added" && report.key === key,
    );
  const taken = [...settings].filter(
    ([key]) => !own.has(key) && (isNew(key) || key === "schemaVersion"),
  );
  const places = [...renamings(keys)].map(([to, key]): [string, string] => [
    to,
    `${env.name}:${entries.get(key)?.line}: ${key}`,
  ]);
  return {
    settings: new Map(taken),
    secrets: new Map([...secrets].filter(([name]) => isNew(name))),
    steps: migration.taken,
    keys,
    places: new Map(places.filter(([to]) => !own.has(to))),
  };
}

/** The line about one key of an `.env`, when the stack has settings of its own. */
function besideOwn(
  report: KeyReport,
  settings: FlatSettings,
  own: FlatSettings,
  ownSecrets: readonly string[],
): KeyReport[] {
  const keep = (reason: string): KeyReport[] => [
    { outcome: "notCarried", key: report.key, reason },
  ];
  switch (report.outcome) {
    case "added":
      return hasSection(own, report.key) ? [] : [report];
    case "renamed":
      return !own.has(report.to) || isDeepStrictEqual(own.get(report.to), settings.get(report.to))
        ? [report]
        : keep(`the stack's file says ${report.to}: ${showValue(own.get(report.to))}`);
    case "secret":
      return ownSecrets.includes(report.to)
        ? keep(`the stack has a ${report.to} already, which stays`)
        : [report];
    case "notCarried":
      return [{ ...report, key: shownName(report.key) }];
    default:
      return [report];
  }
}

/** A default for a part of a section would be at odds with what the user wrote into the section. */
function hasSection(settings: FlatSettings, key: string): boolean {
  const section = key.split(".")[0];
  return [...settings.keys()].some((present) => present.split(".")[0] === section);
}

/** By the present path of a setting: the name that it had. */
export function renamings(keys: readonly KeyReport[]): Map<string, string> {
  return new Map(
    keys.flatMap((report) =>
      report.outcome === "renamed" ? [[report.to, report.key] as const] : [],
    ),
  );
}

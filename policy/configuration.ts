import { ConfigError } from "../config/errors";
import { ENVIRONMENT_LEVELS, type EnvironmentLevel, type Level, type Rule } from "./rules/rule";

/** What `--policy-pack-config` may say, and what follows from it. Pure; the day is an input. */

/** Key of the pack's own settings. */
export const PACK_KEY = "policy-configuration";
/** Key of the pack's own rule that names what could not be decided. */
export const DECIDED_KEY = "stack-rules-decided";
/** Key of the rule that takes a promotion record. */
const PROMOTION_KEY = "stack-promoted-images";

/** A rule that is knowingly not enforced for a while. */
export interface Waiver {
  readonly rule: string;
  /** What people call it, such as the ticket it was granted in. */
  readonly name: string;
  readonly reason: string;
  /** Last day on which it holds, `YYYY-MM-DD` in UTC. */
  readonly expires: string;
}

export interface Configuration {
  readonly environment: EnvironmentLevel;
  /** The level of every rule. */
  readonly levels: ReadonlyMap<string, Level>;
  readonly waivers: readonly Waiver[];
  /** File of the promotion record; absent when none is demanded. */
  readonly promotionRecord?: string;
}

/** One entry as it was given: a level, or a map. */
export type Given = Readonly<Record<string, unknown>>;

export interface Surroundings {
  readonly rules: readonly Rule[];
  /** Name of the stack; empty when nobody knows it yet. */
  readonly stack: string;
  /** Today, `YYYY-MM-DD` in UTC. */
  readonly today: string;
}

/** A longer waiver is a rule that nobody means to keep. */
const LONGEST_WAIVER_DAYS = 366;

const RANK: Readonly<Record<string, number>> = { advisory: 1, mandatory: 2 };

function isMap(value: unknown): value is Given {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Checks the configuration of the pack and works out the level of each rule.
 *
 * Without one the strictest levels hold, those of prod. Throws {@link ConfigError} with every problem,
 * each with the path of its key.
 */
export function readConfiguration(given: unknown, surroundings: Surroundings): Configuration {
  if (!isMap(given)) throw new ConfigError(["policy configuration: must be a map of rules"]);
  const problems: string[] = [];
  const environment = environmentOf(given[PACK_KEY], surroundings.stack, problems);
  refuseUnknown(given, surroundings.rules, problems);
  const levels = new Map<string, Level>();
  const waivers: Waiver[] = [];
  for (const rule of surroundings.rules) {
    const before = problems.length;
    const entry = readEntry(rule.name, own(given, rule.name), problems);
    const waiver = readWaiver(rule.name, entry.settings.waiver, surroundings.today, problems);
    // What cannot be read is reported for what it is, not for the level that follows from it.
    if (problems.length > before) continue;
    levels.set(rule.name, levelOf(rule, entry.level, waiver, environment, problems));
    if (waiver) waivers.push(waiver);
  }
  readEntry(DECIDED_KEY, own(given, DECIDED_KEY), problems);
  const promotionRecord = recordOf(own(given, PROMOTION_KEY), problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    environment,
    levels,
    waivers,
    ...(promotionRecord === undefined ? {} : { promotionRecord }),
  };
}

/** Own keys only: a rule may be asked for as `constructor`. */
function own(map: Given, key: string): unknown {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

function environmentOf(entry: unknown, stack: string, problems: string[]): EnvironmentLevel {
  const key = `${PACK_KEY}.environment`;
  const allowed = ENVIRONMENT_LEVELS.join(", ");
  const { settings } = readEntry(PACK_KEY, entry, problems);
  const value = settings.environment;
  if (value === undefined) return "prod";
  const environment = ENVIRONMENT_LEVELS.find((level) => level === value);
  if (environment === undefined) {
    problems.push(`${key}: must be one of ${allowed}`);
    return "prod";
  }
  const named = (ENVIRONMENT_LEVELS as readonly string[]).indexOf(stack);
  if (ENVIRONMENT_LEVELS.indexOf(environment) < named) {
    problems.push(
      `${key}: got "${environment}" for the stack ${stack}, which is stricter by its name`,
    );
    return "prod";
  }
  return environment;
}

function refuseUnknown(given: Given, rules: readonly Rule[], problems: string[]): void {
  const known = new Set([PACK_KEY, DECIDED_KEY, ...rules.map(({ name }) => name)]);
  for (const key of Object.keys(given)) {
    if (key === "all")
      problems.push("all: name each rule; one level for all of them hides which it lowers");
    else if (!known.has(key))
      problems.push(`${key}: unknown rule; docs/security.md lists the rules`);
  }
}

interface Entry {
  readonly level: unknown;
  readonly settings: Given;
}

/** The keys that each entry may have beside its level. */
function settingsOf(name: string): readonly string[] {
  if (name === PACK_KEY) return ["environment"];
  if (name === DECIDED_KEY) return [];
  return name === PROMOTION_KEY ? ["waiver", "record"] : ["waiver"];
}

/** A level alone, or a map with a level and settings. */
function readEntry(name: string, entry: unknown, problems: string[]): Entry {
  if (entry === undefined) return { level: undefined, settings: {} };
  if (typeof entry === "string")
    return checkedLevel(name, { level: entry, settings: {} }, problems);
  if (!isMap(entry)) {
    problems.push(`${name}: must be a level (advisory, mandatory) or a map`);
    return { level: undefined, settings: {} };
  }
  const { enforcementLevel: level, ...settings } = entry;
  for (const key of Object.keys(settings)) {
    if (!settingsOf(name).includes(key))
      problems.push(`${name}.${key}: unknown key; nothing reads it`);
  }
  return checkedLevel(name, { level, settings }, problems);
}

function checkedLevel(name: string, entry: Entry, problems: string[]): Entry {
  const { level } = entry;
  if (level === undefined || (typeof level === "string" && Object.hasOwn(RANK, level)))
    return entry;
  const shown = typeof level === "string" ? JSON.stringify(level) : `a ${typeof level}`;
  problems.push(`${name}.enforcementLevel: got ${shown}; allowed: advisory, mandatory`);
  return { ...entry, level: undefined };
}

function levelOf(
  rule: Rule,
  given: unknown,
  waiver: Waiver | undefined,
  environment: EnvironmentLevel,
  problems: string[],
): Level {
  const floor = rule.levels[environment];
  const level = (given ?? rule.levels.prod) as Level;
  const lowered = (RANK[level] as number) < (RANK[floor] as number);
  if (lowered && waiver === undefined)
    problems.push(
      `${rule.name}.enforcementLevel: got "${level}", below "${floor}", the lowest for ${environment}; raise it, or add a waiver with name, reason and expires`,
    );
  if (!lowered && waiver !== undefined)
    problems.push(
      `${rule.name}.waiver: waives nothing, since the level is "${level}" and "${floor}" is the lowest for ${environment}; set enforcementLevel to what it allows, or remove it`,
    );
  return level;
}

function readWaiver(
  rule: string,
  value: unknown,
  today: string,
  problems: string[],
): Waiver | undefined {
  if (value === undefined) return undefined;
  const at = `${rule}.waiver`;
  if (!isMap(value)) {
    problems.push(`${at}: must be a map with name, reason and expires`);
    return undefined;
  }
  const before = problems.length;
  for (const key of Object.keys(value)) {
    if (!["name", "reason", "expires"].includes(key))
      problems.push(`${at}.${key}: unknown key; nothing reads it`);
  }
  for (const key of ["name", "reason"] as const) {
    const text = value[key];
    if (typeof text !== "string" || text.trim() === "")
      problems.push(`${at}.${key}: missing or empty; a waiver says who knows of it and why`);
  }
  const expiry = expiryProblem(value.expires, today);
  if (expiry !== undefined) problems.push(`${at}.expires: ${expiry}`);
  if (problems.length > before) return undefined;
  const { name, reason, expires } = value as { name: string; reason: string; expires: string };
  return { rule, name: name.trim(), reason: reason.trim(), expires };
}

function expiryProblem(value: unknown, today: string): string | undefined {
  const day = typeof value === "string" && /^\d{4}-\d{2}-\d{2}$/.test(value) ? value : undefined;
  const time = day === undefined ? Number.NaN : Date.parse(`${day}T00:00:00Z`);
  // 2026-02-30 parses as 2 March in some engines; only a day that prints as it was given exists.
  if (day === undefined || Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== day)
    return "must be the last day that it holds, as YYYY-MM-DD";
  if (day < today) return `${day} is past; put right what it waived, or renew it`;
  const days = (time - Date.parse(`${today}T00:00:00Z`)) / 86_400_000;
  return days > LONGEST_WAIVER_DAYS ? `${day} is more than a year ahead` : undefined;
}

function recordOf(entry: unknown, problems: string[]): string | undefined {
  if (!isMap(entry) || entry.record === undefined) return undefined;
  if (typeof entry.record === "string" && entry.record.trim() !== "") return entry.record;
  problems.push(`${PROMOTION_KEY}.record: must be the path of a file`);
  return undefined;
}

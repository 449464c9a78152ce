import { type Part, SUPPORT, type SupportedVersion, type SupportTable } from "./supportTable";
import { compareVersions, isInRange, isVersion } from "./versionOrder";

/** What the support table says: is a version known, do these go together, may one follow the other. */

const HOW_TO_ADD = "docs/versions.md says how to add one";

/** The version of each part that a stack, an image or a host has; parts that are not asked are left out. */
export type Combination = Readonly<Partial<Record<Part, string>>>;

/** The versions, or ranges, of a part that work; oldest first. */
export function supportedVersions(part: Part, table: SupportTable = SUPPORT): string[] {
  return table[part].versions.map(({ version }) => version);
}

/** What is allowed as the version of a part, as a phrase after "allowed:". */
export function allowedVersions(part: Part, table: SupportTable = SUPPORT): string {
  const versions = supportedVersions(part, table);
  const list = versions.length === 1 ? versions[0] : `one of ${versions.join(", ")}`;
  return `${list}; ${HOW_TO_ADD}`;
}

/**
 * The single version in the table that is nearest to `version`, by the first number that differs.
 *
 * Undefined when `version` is none, or the part has ranges only.
 */
export function nearestVersion(
  part: Part,
  version: string,
  table: SupportTable = SUPPORT,
): string | undefined {
  if (!isVersion(version)) return undefined;
  const wanted = position(version);
  const byDistance = supportedVersions(part, table)
    .filter(isVersion)
    .map((known) => ({ known, distance: Math.abs(position(known) - wanted) }))
    .sort((a, b) => a.distance - b.distance);
  return byDistance[0]?.known;
}

/** A number that grows with the version; good for versions whose parts are below 100 000. */
function position(version: string): number {
  const [major = 0, minor = 0, patch = 0] = (version.match(/\d+/g) ?? []).map(Number);
  return (major * 100_000 + minor) * 100_000 + patch;
}

function rowOf(part: Part, version: string, table: SupportTable): SupportedVersion | undefined {
  return table[part].versions.find((row) => isInRange(version, row.version));
}

function unsupported(part: Part, version: string, table: SupportTable): string {
  const { title, fix } = table[part];
  const nearest = nearestVersion(part, version, table);
  const hint = nearest === undefined ? "" : ` (the nearest is ${nearest})`;
  return `${title} ${version} is not supported${hint}; ${fix}; allowed: ${allowedVersions(part, table)}`;
}

/**
 * Why these versions do not work together; one line for each reason, with what to do.
 *
 * A version that the table does not know is a reason by itself.
 */
export function supportProblems(given: Combination, table: SupportTable = SUPPORT): string[] {
  const entries = Object.entries(given) as [Part, string][];
  return entries.flatMap(([part, version]) => {
    const row = rowOf(part, version, table);
    return row === undefined
      ? [unsupported(part, version, table)]
      : unmetNeeds(part, version, row, given, table);
  });
}

function unmetNeeds(
  part: Part,
  version: string,
  row: SupportedVersion,
  given: Combination,
  table: SupportTable,
): string[] {
  const needs = Object.entries(row.with ?? {}) as [Part, string][];
  return needs.flatMap(([other, range]) => {
    const found = given[other];
    if (found === undefined || isInRange(found, range)) return [];
    const { title, fix } = table[other];
    return [
      `${table[part].title} ${version} works with ${title} ${range}, not with ${found}; ${fix}`,
    ];
  });
}

/** What changing a part's version comes to. */
export type Step =
  | { readonly kind: "none" | "forward" | "back" }
  | { readonly kind: "refused"; readonly problem: string };

export interface StepOptions {
  /** Whether image, configuration and data all return to what they were: only then may a version go back. */
  readonly rollback?: boolean;
  readonly table?: SupportTable;
}

/**
 * Whether a part may go from one version to another.
 *
 * Forward is allowed, over versions in between too, unless the table names those that lead there.
 * A rollback may return to any version, since that one has run on this host with the same data.
 */
export function judgeStep(
  part: Part,
  from: string,
  to: string,
  { rollback = false, table = SUPPORT }: StepOptions = {},
): Step {
  const { title } = table[part];
  const odd = [from, to].find((version) => !isVersion(version));
  if (odd !== undefined) return refused(`${title}: "${odd}" is no version`);
  const order = compareVersions(to, from);
  if (order === 0) return { kind: "none" };
  if (rollback) return { kind: order < 0 ? "back" : "forward" };
  const unknown = supportProblems({ [part]: from }, table).concat(
    supportProblems({ [part]: to }, table),
  );
  if (unknown[0] !== undefined) return refused(unknown[0]);
  if (order < 0)
    return refused(
      `${title} ${to} is older than ${from}, whose data it may not be able to read; a rollback returns image, configuration and data together`,
    );
  return isDirect(part, from, to, table)
    ? { kind: "forward" }
    : refused(detour(part, from, to, table));
}

function refused(problem: string): Step {
  return { kind: "refused", problem };
}

function isDirect(part: Part, from: string, to: string, table: SupportTable): boolean {
  const sources = rowOf(part, to, table)?.from;
  return sources === undefined || isInRange(from, sources);
}

/** The message of a step that needs one in between, with the newest version that leads on. */
function detour(part: Part, from: string, to: string, table: SupportTable): string {
  const { title } = table[part];
  const between = supportedVersions(part, table)
    .filter(isVersion)
    .filter((version) => compareVersions(version, from) > 0 && compareVersions(version, to) < 0)
    .filter((version) => isDirect(part, version, to, table))
    .at(-1);
  const way =
    between === undefined ? "no version in the table leads there" : `take ${between} first`;
  return `${title} ${to} follows only ${rowOf(part, to, table)?.from}, not ${from}; ${way}`;
}

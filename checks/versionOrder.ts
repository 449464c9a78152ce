import compare from "semver/functions/compare";
import parse from "semver/functions/parse";
import satisfies from "semver/functions/satisfies";

/**
 * Order of versions by Semantic Versioning, for everything but the set-up: that runs before any
 * dependency exists and has its own (toolchain/versionOrder.mjs).
 *
 * Single functions of `semver` and not its index, which costs a start ten times as much.
 */

/** Docker's API (`1.41`) and our schema (`1`) count with fewer numbers; the missing ones are 0. */
function complete(version: string): string {
  const numbers = /^\d+(\.\d+)?$/.exec(version);
  if (!numbers) return version;
  return numbers[1] === undefined ? `${version}.0.0` : `${version}.0`;
}

/** Whether the text is a version: `4.139.1`, `v3.259.0`, `1.41`, `2.0.0-rc.1`. */
export function isVersion(text: string): boolean {
  return parse(complete(text)) !== null;
}

/**
 * Negative when `a` is older than `b`, 0 when they are the same, positive when it is newer.
 *
 * A release candidate is older than its release. Throws an Error that names what is no version.
 */
export function compareVersions(a: string, b: string): number {
  for (const text of [a, b]) if (!isVersion(text)) throw new Error(`"${text}" is no version`);
  return compare(complete(a), complete(b));
}

/** Whether a version lies in a range as npm writes it; what is no version, or no range, does not. */
export function isInRange(version: string, range: string): boolean {
  return satisfies(complete(version), range);
}

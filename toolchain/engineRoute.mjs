// @ts-check
import { compareVersions, satisfiesRange } from "./versionOrder.mjs";

/**
 * Which of the three ways to an engine applies: the decision alone, over facts found elsewhere.
 *
 * @typedef {import("./engineEnvironment.mjs").Route} Route
 *
 * @typedef {object} RouteFacts
 * @property {{file: string, version: string | undefined, problem?: string} | undefined} onPath A
 *   `pulumi` on PATH that is not the npm launcher.
 * @property {string} requiredRange `requiredPulumiVersion`
 * @property {"official" | "built" | "absent"} installed What lies where the launcher looks.
 * @property {{ok: boolean, reason: string} | undefined} download Whether the launcher's host
 *   answers; undefined: it was not asked.
 *
 * @typedef {object} RouteChoice
 * @property {Route} route
 * @property {Partial<Record<Route, string>>} refused
 */

/** Built parts make way for official ones; asked again after this long, in milliseconds: a day. */
export const ASK_AGAIN_AFTER = 24 * 60 * 60 * 1000;

/**
 * @param {RouteFacts} facts
 * @returns {RouteChoice}
 */
export function chooseRoute(facts) {
  /** @type {RouteChoice["refused"]} */
  const refused = {};
  const path = refusePath(facts);
  if (path === undefined) return { route: "path", refused };
  refused.path = path;
  if (facts.installed === "official" || facts.download?.ok) return { route: "launcher", refused };
  refused.launcher = facts.download?.reason ?? "its download host was not asked again";
  return { route: "built", refused };
}

/**
 * @param {RouteFacts} facts
 * @returns {string | undefined} why the machine's own CLI is not used
 */
function refusePath({ onPath, requiredRange }) {
  if (!onPath) return "no pulumi on PATH";
  if (!onPath.version) return `${onPath.file} does not tell its version: ${onPath.problem}`;
  if (satisfiesRange(onPath.version, requiredRange)) return undefined;
  return `${onPath.file} is ${onPath.version}, ${requiredRange} is required`;
}

/**
 * @param {{refresh: boolean, askedAt: string | undefined, now: number}} facts
 * @returns {boolean} whether download hosts that refused are to be asked again
 */
export function isDueToAsk({ refresh, askedAt, now }) {
  if (refresh || askedAt === undefined) return true;
  const age = now - Date.parse(askedAt);
  // A date that cannot be read, or one in the future (a clock that was set), tells nothing.
  return !(age >= 0 && age < ASK_AGAIN_AFTER);
}

/**
 * @param {string} projectFile text of Pulumi.yaml, read before a YAML parser is installed
 * @returns {string}
 * @throws {Error} when it names no required version
 */
export function readRequiredRange(projectFile) {
  const match = /^requiredPulumiVersion:[ \t]*(?:"([^"]+)"|'([^']+)'|([^#\n]+))/m.exec(projectFile);
  const range = (match?.[1] ?? match?.[2] ?? match?.[3])?.trim();
  if (!range) throw new Error("Pulumi.yaml names no requiredPulumiVersion");
  return range;
}

/**
 * Which Go compiler builds the parts: the machine's own where it is new enough for them; else the
 * pinned toolchain, which an older Go fetches by itself.
 * @param {{found: string | undefined, needed: string, pinned: string}} versions found: of the `go`
 *   at hand; needed: by the parts' modules; pinned: what GOTOOLCHAIN is to name
 * @returns {{toolchain: string, reason: string} | {toolchain: undefined, reason: string}}
 */
export function judgeGo({ found, needed, pinned }) {
  if (found === undefined) return { toolchain: undefined, reason: "no go on PATH" };
  // `local`, not the variable's default: it may be set to a toolchain that is older.
  if (compareVersions(found, needed) >= 0) return { toolchain: "local", reason: "" };
  // Go 1.21 is the first that replaces itself by the toolchain that GOTOOLCHAIN names.
  if (compareVersions(found, "1.21") >= 0) return { toolchain: pinned, reason: "" };
  return { toolchain: undefined, reason: `${found} is older than 1.21` };
}

/**
 * @param {readonly string[]} moduleFiles texts of go.mod files
 * @returns {string} the newest Go that one of them asks for
 * @throws {Error} when one names none
 */
export function readNeededGo(moduleFiles) {
  const versions = moduleFiles.map((text) => /^go (\S+)$/m.exec(text)?.[1]);
  return versions.reduce((/** @type {string} */ newest, version) => {
    if (!version) throw new Error("a go.mod file names no Go version");
    return compareVersions(version, newest) > 0 ? version : newest;
  }, "1.21");
}

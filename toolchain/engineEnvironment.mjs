// @ts-check
import { join } from "node:path";
import { ownFolder } from "./context.mjs";
import { readJson, writeJson } from "./marker.mjs";

/**
 * The record of the engine that the set-up chose, for whoever starts the CLI: the set-up writes it,
 * `doom` reads it (operations/engine.ts). It lies in PULUMI_HOME, beside the tools that
 * it speaks of, because they change together: another PULUMI_HOME is another engine. A `npx pulumi`
 * typed by hand needs neither the record nor its variables.
 *
 * @typedef {"path" | "launcher" | "built"} Route
 *   path: a `pulumi` of the machine; launcher: the official one, fetched by the npm package;
 *   built: made here from published packages
 *
 * @typedef {object} EngineRecord
 * @property {2} format
 * @property {Route} route
 * @property {string} command How a person calls it: `pulumi` or `npx pulumi`.
 * @property {string} root Its `bin/pulumi` is the CLI (what the Automation API calls `root`).
 * @property {string} version
 * @property {Record<string, string>} env To be added to the environment of the CLI.
 * @property {Partial<Record<Route, string>>} refused Why the routes before it did not apply.
 * @property {Partial<Record<"docker" | "command", string>>} pluginRefused Why an official plugin
 *   could not be had, where one was built here beside an official CLI.
 * @property {string} askedAt When download hosts were last asked for the official parts.
 * @property {Record<import("./engineBuilt.mjs").PartId, FileStamp>} tools To see cheaply that each
 *   is still the file that was tried.
 * @property {FileStamp} [considered] The `pulumi` on PATH when this was decided, taken or not.
 *
 * @typedef {{file: string, size: number, modified: number}} FileStamp `modified` in milliseconds
 */

/**
 * @param {string} home PULUMI_HOME
 * @param {string} version of the CLI in `versions.json`: checkouts that share a home may differ
 * @returns {string}
 */
export function engineRecordFile(home, version) {
  return join(ownFolder(home), `engine-${version}.json`);
}

/**
 * @param {string} home
 * @param {string} version
 * @returns {Promise<EngineRecord | undefined>}
 */
export async function readEngineRecord(home, version) {
  const record = await readJson(engineRecordFile(home, version));
  return record?.format === 2
    ? /** @type {EngineRecord} */ (/** @type {unknown} */ (record))
    : undefined;
}

/**
 * @param {string} home
 * @param {string} version
 * @param {EngineRecord} record
 */
export function writeEngineRecord(home, version, record) {
  return writeJson(engineRecordFile(home, version), record);
}

/**
 * PULUMI_HOME is always named: a CLI built without cgo takes the home folder from the user
 * database, not from HOME, and would look elsewhere than the launcher does.
 * @param {Route} route
 * @param {string} home
 * @returns {Record<string, string>}
 */
export function engineVariables(route, home) {
  const always = { PULUMI_HOME: home, PULUMI_SKIP_UPDATE_CHECK: "true" };
  if (route !== "built") return always;
  return {
    ...always,
    // Nothing is to be had from download hosts: without these each start tries, and waits.
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    PULUMI_DISABLE_REGISTRY_RESOLVE: "true",
    // A plugin that lies on PATH by chance is not the one that was checked here.
    PULUMI_IGNORE_AMBIENT_PLUGINS: "true",
  };
}

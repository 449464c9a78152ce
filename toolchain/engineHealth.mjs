// @ts-check
import { existsSync, realpathSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { findOnPath, isExecutable } from "./command.mjs";
import { builtState, probe } from "./engineBuilt.mjs";
import { readEngineRecord } from "./engineEnvironment.mjs";
import { askCliVersion, findPathCli } from "./engineOfficial.mjs";
import { isDueToAsk } from "./engineRoute.mjs";
import { findGo } from "./goToolchain.mjs";

/**
 * The look at the engine, for the set-up (cheap: files against the record) and the doctor (deep:
 * the tools are started and asked).
 *
 * @typedef {import("./step.mjs").Context} Context
 * @typedef {import("./step.mjs").Part} Part
 * @typedef {import("./engineEnvironment.mjs").EngineRecord} EngineRecord
 * @typedef {import("./engineEnvironment.mjs").FileStamp} FileStamp
 * @typedef {import("./engineBuilt.mjs").PartId} PartId
 */

const ADVICE = "run `npm start`: it fetches or builds what is missing";

/** @type {Record<PartId, string>} */
const NAMES = {
  cli: "pulumi CLI",
  "language-host": "Node.js language host",
  "docker-plugin": "docker plugin",
  "command-plugin": "command plugin",
};
/** @type {readonly PartId[]} */
const IDS = ["cli", "language-host", "docker-plugin", "command-plugin"];

/**
 * @param {Context} context
 * @returns {Promise<Part[]>}
 */
export async function checkEngine(context) {
  const record = await readEngineRecord(context.pulumiHome, context.versions.pulumi);
  const parts = record
    ? await Promise.all(IDS.map((id) => checkTool(context, record, id)))
    : IDS.map((id) => {
        const problem = `no engine was set up to the end in ${context.pulumiHome}`;
        return { name: NAMES[id], healthy: false, problem, advice: ADVICE };
      });
  // Starting Go is not worth it where nothing is to be built.
  return context.deep ? [...parts, await checkGo(context)] : parts;
}

/**
 * Tells a file apart from one that was put in its place, without reading it.
 * @param {string} file
 * @returns {FileStamp | undefined} undefined when there is none
 */
export function stampOf(file) {
  if (!existsSync(file)) return undefined;
  const { size, mtimeMs } = statSync(file);
  return { file, size, modified: mtimeMs };
}

/**
 * @param {FileStamp | undefined} left
 * @param {FileStamp | undefined} right
 */
function isSameFile(left, right) {
  return (
    left?.file === right?.file && left?.size === right?.size && left?.modified === right?.modified
  );
}

/**
 * @param {Context} context
 * @param {EngineRecord} record
 * @param {PartId} id
 * @returns {Promise<Part>}
 */
async function checkTool(context, record, id) {
  const state = await builtState(context, id);
  const part = {
    name: NAMES[id],
    version: versionOf(context, record, id),
    origin: describeOrigin(record, id, state),
  };
  const problem = await findProblem(context, record, id, state);
  if (problem) return { ...part, healthy: false, problem, advice: ADVICE };
  const due = id === "cli" ? findRenewal(context, record) : undefined;
  return due ? { ...part, healthy: true, due } : { ...part, healthy: true };
}

/**
 * @param {Context} context
 * @param {EngineRecord} record
 * @param {PartId} id
 * @returns {string}
 */
function versionOf({ versions }, record, id) {
  if (id === "docker-plugin") return versions.plugins.docker;
  return id === "command-plugin" ? versions.plugins.command : record.version;
}

/**
 * @param {EngineRecord} record
 * @param {PartId} id
 * @param {import("./engineBuilt.mjs").BuiltState} state
 * @returns {string}
 */
function describeOrigin(record, id, state) {
  if (id === "cli") return describeRoute(record);
  const place = dirname(record.tools[id].file);
  if (id === "language-host" && record.route === "path") return `PATH (${place})`;
  if (state === "official") return `official (${place})`;
  const reason = record.pluginRefused[id === "docker-plugin" ? "docker" : "command"];
  return id !== "language-host" && reason
    ? `built here (${place}); official: ${reason}`
    : `built here (${place})`;
}

/**
 * @param {Context} context
 * @param {EngineRecord} record
 * @param {PartId} id
 * @param {import("./engineBuilt.mjs").BuiltState} state
 * @returns {Promise<string | undefined>}
 */
async function findProblem(context, record, id, state) {
  const { file } = record.tools[id];
  if (!isExecutable(file)) return `${file} is missing or cannot be executed`;
  if (!isSameFile(stampOf(file), record.tools[id])) {
    return `${file} is not the file that was set up`;
  }
  const ofMachine = record.route === "path" && (id === "cli" || id === "language-host");
  if (!ofMachine && state === "stale") {
    return `${file}: its sources or pins have changed since it was built`;
  }
  if (!context.deep) return undefined;
  if (!ofMachine) return probe(context, id);
  if (id !== "cli") return undefined;
  const { version, problem } = await askCliVersion(file, { ...context.env, ...record.env });
  return version === record.version ? undefined : `${file}: ${version ?? problem}`;
}

/**
 * @param {EngineRecord} record
 * @returns {string} the route, and why the ones before it did not apply
 */
export function describeRoute({ route, root, refused }) {
  const reasons = [
    refused.path ? `PATH: ${refused.path}` : "",
    refused.launcher ? `npx launcher: ${refused.launcher}` : "",
  ].filter(Boolean);
  const place = join(root, "bin");
  const taken = {
    path: `PATH (${place})`,
    launcher: `official, by the npx launcher (${place})`,
    built: `built here (${place})`,
  }[route];
  return reasons.length > 0 ? `${taken}; ${reasons.join("; ")}` : taken;
}

/**
 * @param {Context} context
 * @param {EngineRecord} record
 * @returns {string | undefined} why another engine may be the better one now
 */
function findRenewal(context, record) {
  const candidate = findPathCli(context.env);
  if (!isSameFile(candidate ? stampOf(candidate) : undefined, record.considered)) {
    return "what PATH offers as pulumi has changed since the set-up chose";
  }
  const built = record.route === "built" || Object.keys(record.pluginRefused).length > 0;
  if (!built) return undefined;
  const due = isDueToAsk({ refresh: context.refresh, askedAt: record.askedAt, now: Date.now() });
  return due
    ? "built here; the next set-up asks whether the official parts can be had now"
    : undefined;
}

/**
 * The CLI looks beside itself and on PATH.
 * @param {Context} context
 * @param {string} cli
 * @returns {string | undefined}
 */
export function findLanguageHost({ env }, cli) {
  const name = "pulumi-language-nodejs";
  const beside = [join(dirname(cli), name), join(dirname(realpathSync(cli)), name)];
  return beside.find(isExecutable) ?? findOnPath(name, env);
}

/**
 * @param {Context} context
 * @returns {Promise<Part>}
 */
async function checkGo(context) {
  const go = await findGo(context);
  const part = { name: "go", optional: true };
  if ("file" in go) return { ...part, version: go.version, origin: go.origin, healthy: true };
  const advice = "only needed to build the engine: the set-up fetches one when it is";
  return { ...part, healthy: false, problem: go.reason, advice };
}

// @ts-check
import { existsSync, realpathSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { findOnPath, isExecutable } from "./command.mjs";
import { builtState, probe } from "./engineBuilt.mjs";
import { readEngineRecord } from "./engineEnvironment.mjs";
import { askCliVersion, findPathCli, hasPlugin, pluginFolder } from "./engineOfficial.mjs";
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
 */

const ADVICE = "run `npm start`: it fetches or builds what is missing";

/**
 * @param {Context} context
 * @returns {Promise<Part[]>}
 */
export async function checkEngine(context) {
  const record = await readEngineRecord(context.pulumiHome, context.versions.pulumi);
  const parts = [
    await checkCli(context, record),
    await checkLanguageHost(context, record),
    await checkPlugin(context, record, "docker"),
    await checkPlugin(context, record, "command"),
  ];
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
 * @param {EngineRecord | undefined} record
 * @returns {Promise<Part>}
 */
async function checkCli(context, record) {
  const name = "pulumi CLI";
  if (!record) {
    const problem = `no engine was set up to the end in ${context.pulumiHome}`;
    return { name, healthy: false, problem, advice: ADVICE };
  }
  const part = { name, version: record.version, origin: describeRoute(record) };
  const problem = await findCliProblem(context, record);
  if (problem) return { ...part, healthy: false, problem, advice: ADVICE };
  const due = findRenewal(context, record);
  return due ? { ...part, healthy: true, due } : { ...part, healthy: true };
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
 * @returns {Promise<string | undefined>}
 */
async function findCliProblem(context, record) {
  const file = join(record.root, "bin", "pulumi");
  if (!isExecutable(file)) return `${file} is missing or cannot be executed`;
  if (!isSameFile(stampOf(file), record.binary)) return `${file} is not the file that was set up`;
  const foreign = (await builtState(context, "cli")) === "official";
  if (record.route === "launcher" && !foreign) return `${file} is not the official one any more`;
  if (record.route === "built") {
    const problem = await findBuiltProblem({ ...context, deep: false }, "cli");
    if (problem) return `${file}: ${problem}`;
  }
  if (!context.deep) return undefined;
  const { version, problem } = await askCliVersion(file, { ...context.env, ...record.env });
  if (version === record.version) return undefined;
  return version ? `${file} is version ${version}, not ${record.version}` : `${file}: ${problem}`;
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
 * @param {Context} context
 * @param {EngineRecord | undefined} record
 * @returns {Promise<Part>}
 */
async function checkLanguageHost(context, record) {
  const name = "Node.js language host";
  const file = record ? findLanguageHost(context, record) : undefined;
  if (!record || !file) {
    const problem = "no pulumi-language-nodejs beside the CLI";
    return { name, healthy: false, problem, advice: ADVICE };
  }
  const part = { name, version: record.version };
  if (record.route !== "built") return { ...part, origin: file, healthy: true };
  const known = { ...part, origin: `built here (${file})` };
  const problem = await findBuiltProblem(context, "language-host");
  return problem
    ? { ...known, healthy: false, problem, advice: ADVICE }
    : { ...known, healthy: true };
}

/**
 * The CLI looks beside itself and on PATH.
 * @param {Context} context
 * @param {EngineRecord} record
 * @returns {string | undefined}
 */
function findLanguageHost({ env }, record) {
  const name = "pulumi-language-nodejs";
  const cli = join(record.root, "bin", "pulumi");
  if (!existsSync(cli)) return undefined;
  const beside = [join(record.root, "bin", name), join(dirname(realpathSync(cli)), name)];
  const found = beside.find(isExecutable);
  return found ?? (record.route === "path" ? findOnPath(name, env) : undefined);
}

/**
 * @param {Context} context
 * @param {EngineRecord | undefined} record
 * @param {import("./engineOfficial.mjs").PluginName} plugin
 * @returns {Promise<Part>}
 */
async function checkPlugin(context, record, plugin) {
  const part = { name: `${plugin} plugin`, version: context.versions.plugins[plugin] };
  const folder = pluginFolder(context, plugin);
  if (!hasPlugin(context, plugin)) {
    return { ...part, healthy: false, problem: `not, or not wholly, in ${folder}`, advice: ADVICE };
  }
  const official = (await builtState(context, `${plugin}-plugin`)) === "official";
  const reason = record?.pluginRefused[plugin];
  const origin = official
    ? `official (${folder})`
    : `built here (${folder})${reason ? `; official: ${reason}` : ""}`;
  const problem = await findBuiltProblem(context, `${plugin}-plugin`, official);
  if (problem) return { ...part, origin, healthy: false, problem, advice: ADVICE };
  return { ...part, origin, healthy: true };
}

/**
 * @param {Context} context
 * @param {import("./engineBuilt.mjs").PartId} id
 * @param {boolean} [official] an official one has no sources here to agree with
 * @returns {Promise<string | undefined>}
 */
async function findBuiltProblem(context, id, official = false) {
  const state = await builtState(context, id);
  if (state === "stale") return "its sources or pins have changed since it was built";
  if (state === "absent") return "it is missing";
  if (state === "official" && !official) return "it is not the one that was built here";
  return context.deep ? probe(context, id) : undefined;
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

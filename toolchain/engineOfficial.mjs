// @ts-check
import { existsSync, realpathSync, statSync } from "node:fs";
import { mkdir, rename, rm, symlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { CommandFailed, capture, findOnPath, isExecutable } from "./command.mjs";
import { ownFolder } from "./context.mjs";

/**
 * The official parts of the engine: the machine's own CLI, the one that the npm launcher fetches,
 * and the plugins that a CLI fetches. What is fetched goes into a folder aside first and is then
 * moved into place, so that an interrupted download is never taken for a tool, and what was there
 * serves until that moment.
 *
 * @typedef {import("./step.mjs").Context} Context
 * @typedef {"docker" | "command"} PluginName
 */

/** A CLI of 150 MB over a slow line; in seconds. A host that does not answer fails far sooner. */
const CLI_LIMIT = 1200;
/** A plugin of up to 90 MB; in seconds. */
const PLUGIN_LIMIT = 600;

/** @param {Context} context */
const stagingHome = ({ pulumiHome }) => join(ownFolder(pulumiHome), "staging");

/**
 * @param {Pick<Context, "pulumiHome" | "versions">} context
 * @returns {string} where the launcher keeps the pinned CLI: `bin/pulumi` lies in it
 */
export function cliRoot({ pulumiHome, versions }) {
  return join(pulumiHome, "versions", versions.pulumi);
}

/**
 * @param {Pick<Context, "pulumiHome" | "versions">} context
 * @param {PluginName} plugin
 * @returns {string}
 */
export function pluginFolder({ pulumiHome, versions }, plugin) {
  return join(pulumiHome, "plugins", `resource-${plugin}-v${versions.plugins[plugin]}`);
}

/**
 * Whether the plugin's program is there and complete; the CLI marks an unfinished download by a
 * file beside the folder.
 * @param {Pick<Context, "pulumiHome" | "versions">} context
 * @param {PluginName} plugin
 * @returns {boolean}
 */
export function hasPlugin(context, plugin) {
  const folder = pluginFolder(context, plugin);
  const file = join(folder, `pulumi-resource-${plugin}`);
  return isExecutable(file) && statSync(file).size > 0 && !existsSync(`${folder}.partial`);
}

/**
 * The machine's own CLI. The npm launcher does not count: it stands on PATH whenever npm runs a
 * script, and starting it would download.
 * @param {NodeJS.ProcessEnv} env
 * @returns {string | undefined}
 */
export function findPathCli(env) {
  return findOnPath("pulumi", env, (folder) => {
    if (/[/\\]node_modules[/\\]\.bin$/.test(folder)) return true;
    const file = join(folder, "pulumi");
    return existsSync(file) && /[/\\]node_modules[/\\]pulumi[/\\]/.test(realpathSync(file));
  });
}

/**
 * @param {string} file
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<{version: string | undefined, problem: string}>}
 */
export async function askCliVersion(file, env) {
  const quiet = { ...env, PULUMI_SKIP_UPDATE_CHECK: "true" };
  const answer = await capture(file, ["version"], { env: quiet });
  const version = /^v?(\d+\.\d+\.\d+\S*)$/.exec(answer.stdout.trim())?.[1];
  return { version, problem: version ? "" : answer.message || `it prints ${answer.stdout.trim()}` };
}

/**
 * The Automation API takes a folder whose `bin/pulumi` is the CLI. Where the machine's own lies in
 * a folder of another name, a link gives it one.
 * @param {Context} context
 * @param {string} file
 * @returns {Promise<string>}
 */
export async function rootOfPathCli(context, file) {
  if (basename(dirname(file)) === "bin") return dirname(dirname(file));
  const root = join(ownFolder(context.pulumiHome), "path");
  await mkdir(join(root, "bin"), { recursive: true });
  await rm(join(root, "bin", "pulumi"), { force: true });
  await symlink(file, join(root, "bin", "pulumi"));
  return root;
}

/**
 * Lets the npm launcher fetch the CLI, by its own code and from wherever it fetches.
 * @param {Context} context
 * @returns {Promise<{ok: boolean, reason: string}>} never throws for a host that refuses
 */
export async function fetchCli(context) {
  const home = stagingHome(context);
  await rm(home, { recursive: true, force: true });
  await mkdir(home, { recursive: true });
  const launcher = join(context.projectFolder, "node_modules", "pulumi", "run.js");
  const env = { ...context.env, PULUMI_HOME: home, PULUMI_SKIP_UPDATE_CHECK: "true" };
  context.detail("asking the download host of the official CLI");
  try {
    await context.run(process.execPath, [launcher, "version"], { env, timeoutSeconds: CLI_LIMIT });
  } catch (error) {
    return refusal(error);
  }
  const staged = join(home, "versions", context.versions.pulumi);
  const { version, problem } = await askCliVersion(join(staged, "bin", "pulumi"), context.env);
  if (version !== context.versions.pulumi) {
    return {
      ok: false,
      reason: `what it fetched is no CLI ${context.versions.pulumi}: ${version ?? problem}`,
    };
  }
  await replaceFolder(context, staged, cliRoot(context));
  return { ok: true, reason: "" };
}

/**
 * Lets a CLI fetch a plugin.
 * @param {Context} context
 * @param {string} cli
 * @param {PluginName} plugin
 * @returns {Promise<{ok: boolean, reason: string}>} never throws for a host that refuses
 */
export async function fetchPlugin(context, cli, plugin) {
  const home = stagingHome(context);
  await mkdir(home, { recursive: true });
  const env = { ...context.env, PULUMI_HOME: home, PULUMI_SKIP_UPDATE_CHECK: "true" };
  const version = `v${context.versions.plugins[plugin]}`;
  context.detail(`fetching the official ${plugin} plugin`);
  try {
    await context.run(cli, ["plugin", "install", "resource", plugin, version], {
      env,
      timeoutSeconds: PLUGIN_LIMIT,
    });
  } catch (error) {
    return refusal(error);
  }
  const staged = { pulumiHome: home, versions: context.versions };
  if (!hasPlugin(staged, plugin)) return { ok: false, reason: "the CLI fetched no plugin" };
  await replaceFolder(context, pluginFolder(staged, plugin), pluginFolder(context, plugin));
  return { ok: true, reason: "" };
}

/**
 * @param {unknown} error
 * @returns {{ok: false, reason: string}}
 */
function refusal(error) {
  if (!(error instanceof CommandFailed)) throw error;
  return { ok: false, reason: error.output.at(-1) ?? error.message };
}

/**
 * Two renames; what was there goes away afterwards. Killed between the two, the next run finds
 * nothing in the place and fetches again.
 * @param {Context} context
 * @param {string} from
 * @param {string} to
 */
async function replaceFolder(context, from, to) {
  const old = join(ownFolder(context.pulumiHome), "replaced");
  await rm(old, { recursive: true, force: true });
  await mkdir(dirname(to), { recursive: true });
  if (existsSync(to)) await rename(to, old);
  await rename(from, to);
  await rm(old, { recursive: true, force: true });
}

/** @param {Context} context */
export function removeStaging(context) {
  return rm(stagingHome(context), { recursive: true, force: true });
}

// @ts-check
import { readFileSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { join } from "node:path";
import { isExecutable } from "../command.mjs";
import { buildMissing, builtState, probe, removePart } from "../engineBuilt.mjs";
import { engineVariables, readEngineRecord, writeEngineRecord } from "../engineEnvironment.mjs";
import { checkEngine, describeRoute, findLanguageHost, stampOf } from "../engineHealth.mjs";
import {
  askCliVersion,
  cliRoot,
  fetchCli,
  fetchPlugin,
  findPathCli,
  hasPlugin,
  pluginFolder,
  removeStaging,
  rootOfPathCli,
} from "../engineOfficial.mjs";
import { chooseRoute, isDueToAsk, readRequiredRange } from "../engineRoute.mjs";
import { SetupError } from "../step.mjs";

/**
 * @typedef {import("../step.mjs").Context} Context
 * @typedef {import("../engineRoute.mjs").RouteFacts} RouteFacts
 * @typedef {import("../engineRoute.mjs").RouteChoice} RouteChoice
 * @typedef {import("../engineEnvironment.mjs").EngineRecord} EngineRecord
 * @typedef {import("../engineOfficial.mjs").PluginName} PluginName
 */

/** @type {readonly PluginName[]} */
const PLUGINS = ["docker", "command"];

/** @type {import("../step.mjs").Step} */
export const engineStep = {
  name: "engine",
  title: "Pulumi engine",
  scope: "home",
  disk: listNeeds,
  check: checkEngine,
  run,
};

/**
 * What building takes, in bytes: the parts, and Go's caches of modules and objects. Nothing where
 * everything is in place and only asks whether the official parts can be had.
 * @param {Context} context
 * @returns {import("../diskSpace.mjs").DiskNeed[]}
 */
function listNeeds(context) {
  const cli = join(cliRoot(context), "bin", "pulumi");
  if (isExecutable(cli) && PLUGINS.every((plugin) => hasPlugin(context, plugin))) return [];
  const { env } = context;
  const modules = env.GOMODCACHE || join(env.GOPATH || join(homedir(), "go"), "pkg", "mod");
  return [
    { folder: context.pulumiHome, bytes: 700_000_000, purpose: "engine and plugins" },
    { folder: modules, bytes: 3_600_000_000, purpose: "Go modules to build them from" },
    {
      folder: env.GOCACHE || join(homedir(), ".cache", "go-build"),
      bytes: 2_500_000_000,
      purpose: "Go's build cache",
    },
  ];
}

/** @param {Context} context */
async function run(context) {
  const before = await readEngineRecord(context.pulumiHome, context.versions.pulumi);
  await removeBroken(context);
  const { choice, facts, askedAt } = await choose(context, before);
  if (choice.route === "built") await buildMissing(context, ["language-host", "cli"]);
  const root = await findRoot(context, choice, facts);
  const cli = join(root, "bin", "pulumi");
  const { version, problem } = await askCliVersion(cli, context.env);
  if (!version) throw new SetupError(`${cli} does not run: ${problem}`, "see the message");
  const pluginRefused = await providePlugins(context, choice, cli, before);
  const considered = facts.onPath ? stampOf(facts.onPath.file) : undefined;
  /** @type {EngineRecord} */
  const record = {
    format: 2,
    route: choice.route,
    command: choice.route === "path" ? "pulumi" : "npx pulumi",
    root,
    version,
    env: engineVariables(choice.route, context.pulumiHome),
    refused: choice.refused,
    pluginRefused,
    askedAt,
    tools: stampTools(context, cli),
    ...(considered ? { considered } : {}),
  };
  await writeEngineRecord(context.pulumiHome, context.versions.pulumi, record);
  await removeStaging(context);
  context.note(`Pulumi CLI ${version}: ${describeRoute(record)}`);
  noteOtherHome(context);
}

/**
 * A tool that does not answer is what an interrupted download by hand, a full disk or a copy from
 * another machine leaves. The CLI and its launcher go by the file's being there, so it goes.
 * @param {Context} context
 */
async function removeBroken(context) {
  context.detail("trying what is there");
  for (const id of /** @type {const} */ ([
    "cli",
    "language-host",
    "docker-plugin",
    "command-plugin",
  ])) {
    if ((await builtState(context, id)) === "absent") continue;
    const problem = await probe(context, id);
    if (!problem) continue;
    context.note(`removing what does not run: ${problem}`);
    await removePart(context, id);
  }
  // They come together: the launcher fetches both or, while there is a CLI, none.
  const host = await builtState(context, "language-host");
  if (host === "absent" && (await builtState(context, "cli")) === "official") {
    await removePart(context, "cli");
  }
}

/**
 * @param {Context} context
 * @param {string} cli
 * @returns {EngineRecord["tools"]}
 * @throws {SetupError}
 */
function stampTools(context, cli) {
  /** @param {string | undefined} file @param {string} name */
  const stamp = (file, name) => {
    const found = file ? stampOf(file) : undefined;
    if (found) return found;
    const advice = "install the whole of Pulumi, or take its folder off PATH, then run again";
    throw new SetupError(`there is no ${name} for ${cli}`, advice);
  };
  /** @param {PluginName} plugin */
  const pluginFile = (plugin) => join(pluginFolder(context, plugin), `pulumi-resource-${plugin}`);
  return {
    cli: stamp(cli, "CLI"),
    "language-host": stamp(findLanguageHost(context, cli), "pulumi-language-nodejs"),
    "docker-plugin": stamp(pluginFile("docker"), "docker plugin"),
    "command-plugin": stamp(pluginFile("command"), "command plugin"),
  };
}

/**
 * A CLI built without cgo asks the user database for the home folder, where the launcher and this
 * set-up ask HOME.
 * @param {Context} context
 */
function noteOtherHome({ env, pulumiHome, note }) {
  if (env.PULUMI_HOME || userInfo().homedir === homedir()) return;
  note(
    `HOME is not the home folder of this account: for \`npx pulumi\` by hand, export PULUMI_HOME=${pulumiHome}`,
  );
}

/**
 * @param {Context} context
 * @param {EngineRecord | undefined} before
 * @returns {Promise<{choice: RouteChoice, facts: RouteFacts, askedAt: string}>}
 */
async function choose(context, before) {
  /** @type {RouteFacts} */
  const facts = {
    onPath: await lookOnPath(context),
    requiredRange: readRequiredRange(
      readFileSync(join(context.projectFolder, "Pulumi.yaml"), "utf8"),
    ),
    installed: await lookAtLaunchersPlace(context),
    download: undefined,
  };
  const first = chooseRoute(facts);
  const due = isDueToAsk({ refresh: context.refresh, askedAt: before?.askedAt, now: Date.now() });
  const now = new Date().toISOString();
  if (first.route !== "built")
    return { choice: first, facts, askedAt: due ? now : (before?.askedAt ?? now) };
  if (!due && before) {
    const reason = before.refused.launcher ?? "not asked again";
    return {
      choice: chooseRoute({ ...facts, download: { ok: false, reason } }),
      facts,
      askedAt: before.askedAt,
    };
  }
  const download = await fetchCli(context);
  return { choice: chooseRoute({ ...facts, download }), facts, askedAt: now };
}

/**
 * @param {Context} context
 * @returns {Promise<RouteFacts["onPath"]>}
 */
async function lookOnPath({ env }) {
  const file = findPathCli(env);
  return file ? { file, ...(await askCliVersion(file, env)) } : undefined;
}

/**
 * @param {Context} context
 * @returns {Promise<RouteFacts["installed"]>}
 */
async function lookAtLaunchersPlace(context) {
  const state = await builtState(context, "cli");
  return state === "stale" ? "built" : state;
}

/**
 * @param {Context} context
 * @param {RouteChoice} choice
 * @param {RouteFacts} facts
 * @returns {Promise<string>}
 */
async function findRoot(context, choice, { onPath }) {
  if (choice.route === "path" && onPath) return rootOfPathCli(context, onPath.file);
  return cliRoot(context);
}

/**
 * Official plugins beside an official CLI, as far as they can be had; built ones else.
 * @param {Context} context
 * @param {RouteChoice} choice
 * @param {string} cli
 * @param {EngineRecord | undefined} before
 * @returns {Promise<EngineRecord["pluginRefused"]>}
 */
async function providePlugins(context, choice, cli, before) {
  const due = isDueToAsk({ refresh: context.refresh, askedAt: before?.askedAt, now: Date.now() });
  /** @type {EngineRecord["pluginRefused"]} */
  const refused = {};
  for (const plugin of PLUGINS) {
    const state = await builtState(context, `${plugin}-plugin`);
    if (state === "official" && hasPlugin(context, plugin)) continue;
    if (choice.route !== "built") {
      const known = due ? undefined : before?.pluginRefused[plugin];
      const fetched = known
        ? { ok: false, reason: known }
        : await fetchPlugin(context, cli, plugin);
      if (fetched.ok) continue;
      refused[plugin] = fetched.reason;
      context.note(`official ${plugin} plugin: ${fetched.reason}`);
    }
    await buildMissing(context, [`${plugin}-plugin`]);
  }
  return refused;
}

// @ts-check
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { capture } from "../command.mjs";
import { SetupError } from "../step.mjs";
import { compareVersions, satisfiesRange } from "../versionOrder.mjs";

/**
 * @typedef {import("../step.mjs").Context} Context
 * @typedef {import("../step.mjs").Part} Part
 */

/** Comes with every Node 20; older ones do not know how to leave addresses out of the lock file. */
const NPM_MINIMUM = "10.0.0";

/** @type {import("../step.mjs").Step} */
export const nodeStep = {
  name: "node",
  title: "Node.js and npm",
  scope: "project",
  disk: () => [],
  check: async (context) => [checkNode(context), await checkNpm(context)],
  run: async (context) => {
    // Nothing here can install them: this very program runs on Node.
    const wrong = (await nodeStep.check(context)).find((part) => !part.healthy);
    if (wrong) throw new SetupError(`${wrong.name}: ${wrong.problem}`, wrong.advice ?? "");
  },
};

/**
 * @param {Context} context
 * @returns {Part}
 */
function checkNode({ projectFolder }) {
  const { engines } = JSON.parse(readFileSync(join(projectFolder, "package.json"), "utf8"));
  const part = { name: "node", version: process.versions.node, origin: process.execPath };
  if (satisfiesRange(process.versions.node, engines.node)) return { ...part, healthy: true };
  return {
    ...part,
    healthy: false,
    problem: `Node.js ${process.versions.node} runs, ${engines.node} is needed`,
    advice:
      "install a newer Node.js (its package manager npm comes with it) and put it first on PATH",
  };
}

/**
 * @param {Context} context
 * @returns {Promise<Part>}
 */
async function checkNpm(context) {
  const version = npmFromEnvironment(context) ?? npmBesideNode() ?? (await askNpm(context));
  if (version && compareVersions(version, NPM_MINIMUM) >= 0) {
    return { name: "npm", version, healthy: true };
  }
  return {
    name: "npm",
    ...(version ? { version } : {}),
    healthy: false,
    problem: version ? `npm ${version} runs, ${NPM_MINIMUM} is needed` : "npm is not on PATH",
    advice: "install npm 10 or later: it comes with Node.js, or `npm install --global npm@10`",
  };
}

/**
 * Asking npm itself takes longer than all other looks together, so the cheap ways come first.
 * @param {Context} context
 */
function npmFromEnvironment({ deep, env }) {
  return deep ? undefined : /^npm\/(\S+)/.exec(env.npm_config_user_agent ?? "")?.[1];
}

/** @returns {string | undefined} */
function npmBesideNode() {
  try {
    const file = join(dirname(process.execPath), "../lib/node_modules/npm/package.json");
    return JSON.parse(readFileSync(file, "utf8")).version;
  } catch {
    return undefined; // Installed in some other way.
  }
}

/**
 * @param {Context} context
 * @returns {Promise<string | undefined>}
 */
async function askNpm({ env, projectFolder }) {
  const answer = await capture("npm", ["--version"], { env, cwd: projectFolder });
  return answer.ok ? answer.stdout.trim() : undefined;
}

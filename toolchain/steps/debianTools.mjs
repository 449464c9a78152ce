// @ts-check
import { capture, findOnPath } from "../command.mjs";
import { debianFamily, installDebianPackages, requireDebianRoot } from "../debian.mjs";
import { SetupError } from "../step.mjs";

/**
 * Tools that only the tests or the benchmark need, taken from the distribution.
 * @typedef {object} DebianTool
 * @property {string} name
 * @property {string} title
 * @property {string[]} commands any of them will do
 * @property {string[]} packages
 * @property {number} bytes
 * @property {string} elsewhere what to install on other systems
 * @property {boolean} debianOnly Ubuntu's package of that name is not the program itself.
 */

/** @type {DebianTool} */
const CHROMIUM = {
  name: "chromium",
  title: "Chromium, for the browser tests",
  commands: ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
  packages: ["chromium"],
  bytes: 900_000_000,
  elsewhere: "install Chromium or Google Chrome and put it on PATH",
  // Ubuntu's `chromium-browser` installs a snap, which needs a running snapd.
  debianOnly: true,
};

/** @type {DebianTool} */
const DOCKER_COMPOSE = {
  name: "docker-compose",
  title: "docker-compose, to measure against",
  commands: ["docker-compose"],
  packages: ["docker-compose"],
  bytes: 100_000_000,
  elsewhere: "install docker-compose and put it on PATH",
  debianOnly: false,
};

export const chromiumStep = createDebianToolStep(CHROMIUM);
export const dockerComposeStep = createDebianToolStep(DOCKER_COMPOSE);

/**
 * @param {DebianTool} tool
 * @returns {import("../step.mjs").Step}
 */
function createDebianToolStep(tool) {
  return {
    name: tool.name,
    title: tool.title,
    scope: "machine",
    disk: () => [{ folder: "/usr", bytes: tool.bytes, purpose: tool.name }],
    check: async (context) => [await check(tool, context)],
    run: async (context) => {
      await requireDebianRoot(tool.title, tool.packages, tool.elsewhere);
      if (tool.debianOnly && (await debianFamily()) !== "debian") {
        throw new SetupError(`${tool.title} is missing`, tool.elsewhere);
      }
      await installDebianPackages(context, tool.packages);
    },
  };
}

/**
 * @param {DebianTool} tool
 * @param {import("../step.mjs").Context} context
 * @returns {Promise<import("../step.mjs").Part>}
 */
async function check(tool, { env, deep }) {
  const file = tool.commands.map((command) => findOnPath(command, env)).find(Boolean);
  if (!file) {
    const problem = `none of ${tool.commands.join(", ")} is on PATH`;
    return { name: tool.name, healthy: false, problem, advice: tool.elsewhere };
  }
  const part = { name: tool.name, origin: file };
  if (!deep) return { ...part, healthy: true };
  const answer = await capture(file, ["--version"], { env });
  const version = /\d+(\.\d+)+/.exec(answer.stdout)?.[0];
  if (version) return { ...part, version, healthy: true };
  return { ...part, healthy: false, problem: answer.message, advice: "install it again" };
}

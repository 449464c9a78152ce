// @ts-check
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { contentKey } from "../contentKey.mjs";
import { readJson, writeJson } from "../marker.mjs";
import { compareVersions } from "../versionOrder.mjs";

/**
 * @typedef {import("../step.mjs").Context} Context
 * @typedef {import("../step.mjs").Part} Part
 */

/** What `npm ci` needs in the checkout and in npm's cache, in bytes; measured 0.5 GB. */
const DISK_BYTES = 800_000_000;

/** @type {import("../step.mjs").Step} */
export const dependenciesStep = {
  name: "dependencies",
  title: "npm packages of package-lock.json",
  scope: "project",
  disk: ({ projectFolder }) => [
    { folder: projectFolder, bytes: DISK_BYTES, purpose: "npm packages" },
  ],
  check: async (context) => [await check(context)],
  run,
};

/**
 * Written last, by a set-up that saw `npm ci` end well; it holds the key of what was installed.
 * @param {Context} context
 */
const markerFile = ({ projectFolder }) => join(projectFolder, "node_modules", ".doom-setup.json");

/**
 * The platform belongs to it: packages with a compiled part are chosen by it, and a checkout may
 * be mounted into machines of several kinds.
 * @param {Context} context
 * @returns {string}
 */
function dependenciesKey({ projectFolder }) {
  const files = [".npmrc", "package-lock.json", "package.json"];
  return contentKey(projectFolder, files, [process.platform, process.arch]);
}

/**
 * @param {Context} context
 * @returns {Promise<Part>}
 */
async function check(context) {
  const part = { name: "dependencies", origin: "npm" };
  const marker = await readJson(markerFile(context));
  const advice = "run `node toolchain/setup.mjs check` (or `npm start`): it installs them";
  if (!marker) {
    return {
      ...part,
      healthy: false,
      problem: "not installed by the set-up, or not to the end",
      advice,
    };
  }
  if (marker.key !== dependenciesKey(context)) {
    return { ...part, healthy: false, problem: "not those of this package-lock.json", advice };
  }
  const wrong = await findWrongPackage(context);
  if (wrong) return { ...part, healthy: false, problem: wrong, advice };
  return { ...part, healthy: true };
}

/**
 * The marker says what was installed; this sees what somebody changed since. Only the packages that
 * package.json names: looking at every one would cost more than all other looks together.
 * @param {Context} context
 * @returns {Promise<string | undefined>}
 */
async function findWrongPackage({ projectFolder }) {
  const manifest = JSON.parse(await readFile(join(projectFolder, "package.json"), "utf8"));
  const pins = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
  const problems = await Promise.all(
    pins.map(async ([name, pin]) => {
      const found = await readJson(join(projectFolder, "node_modules", name, "package.json"));
      if (!found) return `${name} is missing from node_modules`;
      const version = String(found.version);
      // Not by their text: some packages write a `v` before their version.
      return compareVersions(version, pin) === 0 ? undefined : `${name} is ${version}, not ${pin}`;
    }),
  );
  return problems.find((problem) => problem !== undefined);
}

/** @param {Context} context */
async function run(context) {
  // First of all: npm empties node_modules in no certain order, and the marker must not be what
  // is left of it when this is interrupted.
  await rm(markerFile(context), { force: true });
  const key = dependenciesKey(context);
  // The lock file pins contents, not addresses, so npm asks for each package's description first;
  // one from its cache will do, and npm asks again where that does not know the pinned version.
  await context.run(
    "npm",
    ["ci", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=notice"],
    {
      cwd: context.projectFolder,
      // `npm start` hands its own settings down to scripts; a nested npm must read the files.
      env: withoutNpmSettings(context.env),
    },
  );
  await writeJson(markerFile(context), { key });
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
function withoutNpmSettings(env) {
  const inherited = /^npm_(?:lifecycle|package|command|node_execpath|execpath|config_local_prefix)/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !inherited.test(name)));
}

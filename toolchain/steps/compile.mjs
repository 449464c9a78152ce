// @ts-check
import { existsSync } from "node:fs";
import { readdir, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { contentKey, listFiles } from "../contentKey.mjs";
import { readJson, writeJson } from "../marker.mjs";

/**
 * @typedef {import("../step.mjs").Context} Context
 * @typedef {import("../step.mjs").Part} Part
 */

/** Compiled program and the compiler's own record, in bytes; measured 3 MB. */
const DISK_BYTES = 50_000_000;
/** Folders at the top that hold no sources of the program. */
const NOT_SOURCES = new Set(["bin", "node_modules", "reports", "docs"]);

/** @type {import("../step.mjs").Step} */
export const compileStep = {
  name: "compile",
  title: "compile the program",
  scope: "project",
  disk: ({ projectFolder }) => [
    { folder: projectFolder, bytes: DISK_BYTES, purpose: "compiled program" },
  ],
  check: async (context) => [await check(context)],
  run,
};

/** @param {Context} context */
const markerFile = ({ projectFolder }) => join(projectFolder, "bin", ".doom-setup.json");

/**
 * Everything that the compiler may read for the program: more than it does (that would need the
 * compiler to say), never less.
 * @param {string} folder
 * @returns {string[]}
 */
function listSources(folder) {
  return listFiles(folder, (path, isFolder) => {
    const name = path.slice(path.lastIndexOf("/") + 1);
    if (isFolder) return !name.startsWith(".") && name !== "node_modules" && !NOT_SOURCES.has(path);
    return /\.(ts|cts|json)$/.test(name) && !name.endsWith(".test.ts");
  });
}

/**
 * @param {Context} context
 * @returns {string}
 */
function sourcesKey({ projectFolder }) {
  return contentKey(projectFolder, listSources(projectFolder));
}

/**
 * @param {Context} context
 * @returns {Promise<Part>}
 */
async function check(context) {
  const part = { name: "program", origin: "compiled here" };
  const advice = "run `npm run build`, or any command that begins with the set-up";
  const marker = await readJson(markerFile(context));
  if (!marker)
    return { ...part, healthy: false, problem: "not compiled, or not to the end", advice };
  if (marker.key !== sourcesKey(context)) {
    return { ...part, healthy: false, problem: "its sources have changed since", advice };
  }
  const outputs = Array.isArray(marker.outputs) ? marker.outputs : [];
  const missing = outputs.find((output) => !existsSync(join(context.projectFolder, "bin", output)));
  if (missing) return { ...part, healthy: false, problem: `bin/${missing} is missing`, advice };
  return { ...part, healthy: true };
}

/** @param {Context} context */
async function run(context) {
  const bin = join(context.projectFolder, "bin");
  // The compiler's record of what it wrote is to be trusted only after a run that ended well and
  // while every output is still there; else it skips files that are half written or gone.
  const complete = (await check(context)).problem === "its sources have changed since";
  await rm(markerFile(context), { force: true });
  if (!complete) await rm(join(bin, ".tsbuildinfo"), { force: true });

  const key = sourcesKey(context);
  const compiler = join(context.projectFolder, "node_modules", "typescript", "bin", "tsc");
  await context.run(process.execPath, [compiler, "-p", "tsconfig.build.json"], {
    cwd: context.projectFolder,
    env: context.env,
    timeoutSeconds: 600,
  });
  const outputs = await removeOutputsWithoutSource(context.projectFolder);
  await writeJson(markerFile(context), { key, outputs });
}

/**
 * A deleted source's output would go on being found by `require`, or be run as a test.
 * @param {string} projectFolder
 * @returns {Promise<string[]>} the outputs that stay
 */
export async function removeOutputsWithoutSource(projectFolder) {
  const bin = join(projectFolder, "bin");
  const outputs = listFiles(bin, (path, isFolder) => isFolder || /\.(js|cjs|json)$/.test(path));
  /** @type {string[]} */
  const kept = [];
  for (const output of outputs) {
    if (output.startsWith(".")) continue;
    const sources = [output, output.replace(/\.(c?)js$/, ".$1ts")];
    if (sources.some((source) => existsSync(join(projectFolder, source)))) kept.push(output);
    else await rm(join(bin, output));
  }
  await removeEmptyFolders(bin);
  return kept;
}

/**
 * @param {string} folder
 * @returns {Promise<boolean>} whether it is empty
 */
async function removeEmptyFolders(folder) {
  let entries = 0;
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && (await removeEmptyFolders(path))) await rmdir(path);
    else entries += 1;
  }
  return entries === 0;
}

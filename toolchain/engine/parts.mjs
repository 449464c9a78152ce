// @ts-check
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { contentKey, listFiles } from "../contentKey.mjs";

/**
 * The parts of a Pulumi engine that can be built from published packages, as `parts.json` lists
 * them. In the strings there, `{version}` stands for the part's version, `{go}` and `{node}` for
 * the commands, `{output}` for the file to write.
 *
 * @typedef {object} EnginePart
 * @property {string} id
 * @property {string} title
 * @property {string} folder Where its sources are, relative to the project.
 * @property {string[]} sources How the names of its sources end.
 * @property {"pulumi" | "docker" | "command"} version Which version of `versions.json` it has.
 * @property {string} target The binary, relative to PULUMI_HOME.
 * @property {string} cwd Where the command runs, relative to the project.
 * @property {string[]} command
 * @property {Record<string, string>} env Added to the environment of the command.
 * @property {string[]} npm Packages that end up in the result; their versions count as source.
 * @property {{args: string[], prints: string}} probe How to see that it runs: what it prints first,
 *   a text or, with `port`, the number of the port on which it listens.
 */

/** The project that this file belongs to. */
export const projectFolder = fileURLToPath(new URL("../..", import.meta.url));

/** Tests decide nothing over the result. */
const TEST = /(?:_test\.go|\.test\.ts)$/;

/**
 * @returns {EnginePart[]} in the order in which a fresh machine best builds them
 */
export function readParts() {
  return readJsonFile("toolchain/engine/parts.json").parts;
}

/**
 * @param {string} id
 * @returns {EnginePart}
 * @throws {Error} when there is no such part
 */
export function findPart(id) {
  const parts = readParts();
  const found = parts.find((part) => part.id === id);
  if (found) return found;
  const known = parts.map((part) => part.id).join(", ");
  throw new Error(`no engine part is called "${id}"; there are: ${known}`);
}

/**
 * @param {EnginePart} part
 * @returns {string} without a leading "v"
 */
export function partVersion(part) {
  const versions = readJsonFile("toolchain/versions.json");
  return part.version === "pulumi" ? versions.pulumi : versions.plugins[part.version];
}

/**
 * @param {EnginePart} part
 * @param {string} pulumiHome
 * @returns {string}
 */
export function partFile(part, pulumiHome) {
  return join(pulumiHome, part.target.replaceAll("{version}", partVersion(part)));
}

/**
 * A key over all that decides over the result: sources, version, how it is built, for which
 * machine, and the npm packages that are bundled into it.
 * @param {EnginePart} part
 * @returns {string} 64 hexadecimal digits
 */
export function partKey(part) {
  const folder = join(projectFolder, part.folder);
  const files = listFiles(folder, (path, isFolder) => {
    if (isFolder) return !path.startsWith(".") && path !== "node_modules";
    return part.sources.some((end) => path.endsWith(end)) && !TEST.test(path);
  });
  const also = [partVersion(part), process.platform, process.arch, ...part.command];
  for (const [name, value] of Object.entries(part.env)) also.push(`${name}=${value}`);
  return contentKey(folder, files, [...also, ...lockedPackages(part.npm)]);
}

/**
 * From the lock file, not from node_modules: the key must be known before `npm ci`.
 * @param {string[]} names
 * @returns {string[]} name@version
 */
function lockedPackages(names) {
  if (names.length === 0) return [];
  const { packages } = readJsonFile("package-lock.json");
  return names.map((name) => `${name}@${packages[`node_modules/${name}`].version}`);
}

/**
 * @param {string} path relative to the project
 * @returns {any}
 */
function readJsonFile(path) {
  return JSON.parse(readFileSync(join(projectFolder, path), "utf8"));
}

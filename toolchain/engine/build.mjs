// @ts-check
import { execFile, spawn } from "node:child_process";
import { chmod, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { readJson, writeJson } from "../marker.mjs";
import { partFile, partKey, partVersion, projectFolder } from "./parts.mjs";

/**
 * @typedef {import("./parts.mjs").EnginePart} EnginePart
 *
 * @typedef {object} BuildOptions
 * @property {string} pulumiHome
 * @property {string} [log] File to which all output of the command is appended; needed without
 *   `run`.
 * @property {(command: string, args: readonly string[],
 *   options: {cwd: string, env: NodeJS.ProcessEnv}) => Promise<void>} [run]
 *   Runs the command and rejects when it fails; default: plainly, with its output in `log`.
 * @property {string} [go] The Go command; default `go`.
 * @property {NodeJS.ProcessEnv} [env] default: this process's own
 *
 * @typedef {object} BuildMarker What lies beside a binary that was built here.
 * @property {string} part
 * @property {string} version
 * @property {string} key
 * @property {string} builtAt
 * @property {string} builtWith
 * @property {number} size Of the binary, in bytes; another one was put in its place when it differs.
 *
 * @typedef {"absent" | "built" | "stale" | "foreign"} PartState
 *   built: from these sources; stale: built here, but from others; foreign: somebody else's, such
 *   as an official one
 */

/**
 * @param {string} file the binary
 * @returns {string}
 */
export function markerFile(file) {
  return `${file}.built-here.json`;
}

/**
 * Looks at files only; see `probePart` for whether it runs.
 * @param {EnginePart} part
 * @param {{pulumiHome: string}} options
 * @returns {Promise<{state: PartState, file: string, marker?: BuildMarker}>}
 */
export async function partStatus(part, { pulumiHome }) {
  const file = partFile(part, pulumiHome);
  const found = await stat(file).catch(ifMissing);
  if (!found?.isFile()) return { state: "absent", file };
  const marker = /** @type {BuildMarker | undefined} */ (
    /** @type {unknown} */ (await readJson(markerFile(file)))
  );
  if (!marker || marker.size !== found.size) return { state: "foreign", file };
  return { state: marker.key === partKey(part) ? "built" : "stale", file, marker };
}

/**
 * Builds a part and puts it in place, whatever was there. May be killed at any moment: what is left
 * is the part that was there before, none, or the new one, and a marker only for the new one.
 * @param {EnginePart} part
 * @param {BuildOptions} options
 * @returns {Promise<string>} the binary
 * @throws {Error} when the command fails or writes nothing
 */
export async function buildPart(part, options) {
  const file = partFile(part, options.pulumiHome);
  const folder = dirname(file);
  // Beside the target's folder: a rename needs the same file system, and the CLI takes a plugin
  // for installed as soon as its folder is there.
  const staging = dirname(folder);
  const prefix = `.${part.id}.building-`;
  await mkdir(staging, { recursive: true });
  await removeLeftovers(staging, prefix);
  const draft = join(staging, `${prefix}${process.pid}`);
  try {
    const key = partKey(part);
    await runCommand(part, draft, options);
    const size = await flush(draft);
    await chmod(draft, 0o755);
    await mkdir(folder, { recursive: true });
    // First away with the old one: a new marker beside an old binary would vouch for the wrong one.
    await rm(file, { force: true });
    await writeJson(markerFile(file), {
      part: part.id,
      version: partVersion(part),
      key,
      builtAt: new Date().toISOString(),
      builtWith: await describeTool(part, options),
      size,
    });
    await rename(draft, file);
    await flush(folder);
  } finally {
    await rm(draft, { force: true });
  }
  return file;
}

/**
 * @param {EnginePart} part
 * @param {string} output
 * @param {BuildOptions} options
 */
async function runCommand(part, output, options) {
  const { go = "go", env = process.env, log, run } = options;
  /** @type {Record<string, string>} */
  const values = { go, node: process.execPath, output, version: partVersion(part) };
  const [command = "", ...args] = part.command.map((word) =>
    word.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole),
  );
  const place = { cwd: join(projectFolder, part.cwd), env: { ...env, ...part.env } };
  if (run) return run(command, args, place);
  if (!log) throw new TypeError("buildPart needs a log file or a function that runs commands");
  return runLogged(command, args, place, log);
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{cwd: string, env: NodeJS.ProcessEnv}} place
 * @param {string} log
 * @returns {Promise<void>}
 */
async function runLogged(command, args, place, log) {
  await mkdir(dirname(log), { recursive: true });
  const output = await open(log, "a");
  const shown = [command, ...args].join(" ");
  try {
    await output.write(`$ ${shown}\n`);
    await new Promise((resolve, reject) => {
      const child = spawn(command, [...args], {
        ...place,
        stdio: ["ignore", output.fd, output.fd],
      });
      child.on("error", reject);
      child.on("close", (code, signal) => {
        if (code === 0) resolve(undefined);
        else reject(new Error(`\`${shown}\` ended with ${signal ?? `code ${code}`}; see ${log}`));
      });
    });
  } finally {
    await output.close();
  }
}

/**
 * @param {EnginePart} part
 * @param {BuildOptions} options
 * @returns {Promise<string>} such as "go version go1.26.9 linux/amd64" or "node v20.20.2"
 */
async function describeTool(part, { go = "go", env = process.env }) {
  if (part.command[0] !== "{go}") return `node ${process.version}`;
  const { stdout } = await promisify(execFile)(go, ["version"], { env });
  return stdout.trim();
}

/**
 * What a build that was killed has left.
 * @param {string} folder
 * @param {string} prefix
 */
async function removeLeftovers(folder, prefix) {
  const names = await readdir(folder);
  const leftovers = names.filter((name) => name.startsWith(prefix));
  await Promise.all(leftovers.map((name) => rm(join(folder, name), { force: true })));
}

/**
 * Waits until a file, or the list of a folder's files, is on the disk: a rename may be written
 * before the content, and a power cut would leave an empty binary with a marker that vouches for it.
 * @param {string} path
 * @returns {Promise<number>} its size in bytes
 */
async function flush(path) {
  const handle = await open(path, "r").catch((cause) => {
    throw new Error(`the build ended well but wrote no ${basename(path)}`, { cause });
  });
  try {
    await handle.sync();
    return (await handle.stat()).size;
  } finally {
    await handle.close();
  }
}

/**
 * @param {NodeJS.ErrnoException} error
 * @returns {undefined}
 */
function ifMissing(error) {
  if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
  throw error;
}

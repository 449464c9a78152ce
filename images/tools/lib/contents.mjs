// @ts-check
import { run } from "./processes.mjs";

/**
 * What has to be read: the hashes and the extended attributes of many files at once.
 *
 * Names go through `xargs`, because they are bytes and Node's arguments are text.
 */

/** The label of the host's own policy; it says nothing about the data and may not be copied. */
const OF_THE_HOST = new Set(["security.selinux"]);

/** @param {readonly string[]} paths below the root; latin1 */
function asInput(paths) {
  return Buffer.from(paths.map((path) => `./${path}\0`).join(""), "latin1");
}

/**
 * The BLAKE3 hashes of regular files.
 *
 * They are not mapped into memory: a file that gets shorter meanwhile would kill the reader, and holes
 * take ten times as long.
 *
 * @param {string} root
 * @param {readonly string[]} paths latin1
 * @returns {Promise<string[]>} in the order of the paths
 * @throws {Error} when one cannot be read
 */
export async function hashes(root, paths) {
  if (paths.length === 0) return [];
  const args = ["--null", "b3sum", "--no-names", "--no-mmap", "--"];
  const { code, stdout, stderr } = await run("xargs", args, root, asInput(paths));
  const lines = stdout.toString("latin1").split("\n").slice(0, -1);
  if (code !== 0 || lines.length !== paths.length) {
    throw new Error(stderr || `b3sum gave ${lines.length} hashes for ${paths.length} files`);
  }
  return lines;
}

/**
 * The extended attributes, ACLs among them, of anything.
 *
 * @param {string} root
 * @param {readonly string[]} paths latin1
 * @returns {Promise<Map<string, Map<string, string>>>} by path, then by name, both latin1; in base64
 * @throws {Error} when one cannot be read
 */
export async function attributes(root, paths) {
  if (paths.length === 0) return new Map();
  const options = ["--no-dereference", "--dump", "--match=-", "--encoding=hex", "--absolute-names"];
  const args = ["--null", "getfattr", ...options, "--"];
  const { code, stdout, stderr } = await run("xargs", args, root, asInput(paths));
  if (code !== 0) throw new Error(stderr || `getfattr ended with ${code}`);
  return parseAttributes(stdout.toString("latin1"));
}

/**
 * @param {string} dump of `getfattr --dump --encoding=hex`, latin1
 * @returns {Map<string, Map<string, string>>}
 */
export function parseAttributes(dump) {
  /** @type {Map<string, Map<string, string>>} */
  const found = new Map();
  for (const block of dump.split("\n\n")) {
    if (block === "") continue;
    const [head = "", ...lines] = block.split("\n");
    if (!head.startsWith("# file: ./")) throw new Error(`getfattr printed ${JSON.stringify(head)}`);
    const path = unescapeBytes(head.slice("# file: ./".length));
    const values = new Map(lines.filter((line) => line !== "").map(parseAttribute));
    for (const name of OF_THE_HOST) values.delete(name);
    if (values.size > 0) found.set(path, values);
  }
  return found;
}

/**
 * @param {string} line
 * @returns {[string, string]}
 */
function parseAttribute(line) {
  const match = /^([^=]+)=0x([0-9a-f]*)$/.exec(line);
  if (!match) throw new Error(`getfattr printed ${JSON.stringify(line)}`);
  const [, name = "", value = ""] = match;
  return [unescapeBytes(name), Buffer.from(value, "hex").toString("base64")];
}

/** @param {string} text with three octal digits after a backslash, as getfattr writes special bytes */
function unescapeBytes(text) {
  return text.replace(/\\([0-7]{3})/g, (_, digits) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

// @ts-check
import { spawn } from "node:child_process";
import { once } from "node:events";
import { collect } from "./processes.mjs";

/**
 * What `find` says about everything below a folder, in the order of the paths' bytes.
 *
 * @typedef {object} Listed
 * @property {string} path relative to the root, which is empty itself; latin1
 * @property {string} letter of the type, as `find` gives it
 * @property {string} mode four octal digits
 * @property {number} uid
 * @property {number} gid
 * @property {number} size in bytes
 * @property {string} mtime nanoseconds since 1970
 * @property {string} ctime nanoseconds since 1970
 * @property {string} inode
 * @property {number} links how many names it has
 */

/** Fields have fixed widths and stand before the path, so that `sort` finds where that begins. */
const WIDTHS = { letter: 1, mode: 6, owner: 11, size: 20, time: 33, inode: 21, links: 11 };
const FORMAT = "%y%6m%11U%11G%20s%33T@%33C@%21i%11n%P\\0";
const PATH_POSITION = 148;

/**
 * The root's `lost+found` belongs to the file system and not to what is kept in it.
 *
 * The pipe is a shell's, so that the records of a million files do not all pass through this process
 * twice. `sort` keeps to 64 MB of memory and puts the rest into files.
 */
const SCRIPT = `set -o pipefail
find . -xdev -path './lost+found' -prune -o -printf '${FORMAT}' |
  LC_ALL=C sort --zero-terminated --buffer-size=64M --key=1.${PATH_POSITION}`;

/**
 * @param {string} root
 * @param {{ live: boolean }} options live: what vanishes while `find` looks is no error
 * @returns {AsyncGenerator<Listed[]>} as they come: an array at a time costs far less than each by itself
 * @throws {Error} when something cannot be listed
 */
export async function* list(root, { live }) {
  const child = spawn("bash", ["-c", SCRIPT], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  const complaints = collect(child.stderr);
  const ended = once(child, "close");
  for await (const some of records(child.stdout)) yield some.map(parseRecord);
  const [code] = await ended;
  if (code !== 0 && !(live && onlyVanished(complaints()))) {
    throw new Error(`cannot list everything: ${complaints() || `find ended with ${code}`}`);
  }
}

/** @param {string} complaints */
function onlyVanished(complaints) {
  const lines = complaints.split("\n");
  return lines.every(
    (line) => line.startsWith("find: ") && line.endsWith(": No such file or directory"),
  );
}

/**
 * @param {AsyncIterable<Buffer>} stream of records that end with NUL
 * @returns {AsyncGenerator<string[]>} latin1
 */
export async function* records(stream) {
  let rest = "";
  for await (const chunk of stream) {
    const parts = (rest + chunk.toString("latin1")).split("\0");
    rest = parts.pop() ?? "";
    yield parts;
  }
  if (rest !== "") throw new Error("the list of files was cut off");
}

/**
 * @param {string} record latin1
 * @returns {Listed}
 */
export function parseRecord(record) {
  let end = 0;
  const field = (/** @type {number} */ width) => {
    end += width;
    return record.slice(end - width, end).trimStart();
  };
  return {
    letter: field(WIDTHS.letter),
    mode: field(WIDTHS.mode).padStart(4, "0"),
    uid: Number(field(WIDTHS.owner)),
    gid: Number(field(WIDTHS.owner)),
    size: Number(field(WIDTHS.size)),
    mtime: nanoseconds(field(WIDTHS.time)),
    ctime: nanoseconds(field(WIDTHS.time)),
    inode: field(WIDTHS.inode),
    links: Number(field(WIDTHS.links)),
    path: record.slice(end),
  };
}

/**
 * `find` prints whole seconds, then nanoseconds to be added to them: `-2.5` is -1.5.
 *
 * @param {string} text
 * @returns {string}
 */
export function nanoseconds(text) {
  const point = text.indexOf(".");
  const seconds = text.slice(0, point);
  const digits = text.slice(point + 1, point + 10);
  if (seconds === "0") return String(Number(digits));
  if (!seconds.startsWith("-")) return seconds + digits;
  return String(BigInt(seconds) * 1_000_000_000n + BigInt(digits));
}

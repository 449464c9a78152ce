// @ts-check
import { lstatSync, readlinkSync } from "node:fs";
import { attributes, hashes } from "./contents.mjs";
import { hasContent, stampOf } from "./entries.mjs";
import { encodeBytes, placeOf } from "./paths.mjs";

/** @typedef {import("./entries.mjs").Entry} Entry */

/**
 * The kernel's clock for files moves in steps of up to 10 ms: what changed just before it was listed
 * may change again without another time.
 */
const CLOCK_STEP_MS = 100;

/**
 * Whether the content of an entry has to be read for its line.
 *
 * @param {Entry} entry
 */
export const mustBeRead = (entry) => hasContent(entry) && entry.known === undefined;

/**
 * The lines of these entries, in their order.
 *
 * @param {string} root an absolute path in ASCII
 * @param {readonly Entry[]} batch
 * @param {number} startedAt when the list was begun, milliseconds since 1970
 * @returns {Promise<string[]>}
 * @throws {Error} when something cannot be read
 */
export async function describe(root, batch, startedAt) {
  const files = batch.filter(mustBeRead).map(({ listed }) => listed.path);
  const unknown = batch.filter(({ known }) => known === undefined).map(({ listed }) => listed.path);
  const [digests, xattrs] = await Promise.all([hashes(root, files), attributes(root, unknown)]);
  const hashOf = new Map(files.map((path, index) => [path, digests[index]]));
  return batch.map((entry) => {
    const { listed, known } = entry;
    const { mode, uid, gid, mtime } = listed;
    return JSON.stringify({
      path: entry.path,
      type: entry.type,
      mode,
      uid,
      gid,
      mtime,
      ...ownFacts(root, entry, known === undefined ? hashOf.get(listed.path) : known.hash),
      xattrs: known === undefined ? asObject(xattrs.get(listed.path)) : known.xattrs,
      stamp: Number(listed.ctime) / 1e6 < startedAt - CLOCK_STEP_MS ? stampOf(listed) : undefined,
    });
  });
}

/**
 * What only one type of entry has. Another name of something says only whose name it is.
 *
 * @param {string} root
 * @param {Entry} entry
 * @param {string | undefined} hash
 */
function ownFacts(root, { listed, type, hardLink }, hash) {
  if (hardLink !== undefined) return { hardLink };
  const place = () => placeOf(root, listed.path);
  switch (type) {
    case "file":
      return { size: listed.size, hash };
    case "link":
      return { target: encodeBytes(readlinkSync(place(), { encoding: "latin1" })) };
    case "character":
    case "block":
      return { device: deviceNumbers(lstatSync(place(), { bigint: true }).rdev) };
    default:
      return {};
  }
}

/**
 * Major and minor number, as glibc packs them.
 *
 * @param {bigint} rdev
 * @returns {[number, number]}
 */
function deviceNumbers(rdev) {
  const major = ((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xfffff000n);
  const minor = (rdev & 0xffn) | ((rdev >> 12n) & 0xffffff00n);
  return [Number(major), Number(minor)];
}

/**
 * @param {Map<string, string> | undefined} attributes by latin1 name
 * @returns {Record<string, string> | undefined} sorted, so that equal ones are equal texts
 */
function asObject(attributes) {
  if (attributes === undefined) return undefined;
  const sorted = [...attributes].sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([name, value]) => [encodeBytes(name), value]));
}

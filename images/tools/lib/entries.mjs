// @ts-check
import { encodeBytes } from "./paths.mjs";

/**
 * @typedef {import("./listing.mjs").Listed} Listed
 * @typedef {import("./earlier.mjs").Known} Known
 *
 * @typedef {object} Entry
 * @property {Listed} listed
 * @property {string} path as it stands in a manifest
 * @property {string} type
 * @property {string | undefined} hardLink the first name of what this is another name of
 * @property {Known | undefined} known what an earlier manifest said, when that still holds
 */

/** @type {Readonly<Record<string, string>>} */
const TYPES = {
  f: "file",
  d: "directory",
  l: "link",
  p: "fifo",
  s: "socket",
  c: "character",
  b: "block",
};

/**
 * What follows from a list alone: types, and which entries are names of the same thing.
 *
 * @param {AsyncIterable<Listed[]>} listing
 * @returns {AsyncGenerator<Entry[]>}
 * @throws {Error} for something that has no type
 */
export async function* entries(listing) {
  const groups = new HardLinks();
  for await (const some of listing) {
    yield some.map((listed) => {
      const path = listed.path === "" ? "." : encodeBytes(listed.path);
      const type = TYPES[listed.letter];
      if (type === undefined) throw new Error(`${path} is neither a file nor anything else known`);
      return { listed, path, type, hardLink: groups.firstName(listed, path), known: undefined };
    });
  }
}

/**
 * Adds what an earlier manifest says about those that have not changed since.
 *
 * @param {AsyncIterable<Entry[]>} all
 * @param {import("./earlier.mjs").EarlierEntries} earlier
 * @returns {AsyncGenerator<Entry[]>}
 */
export async function* withKnown(all, earlier) {
  for await (const some of all) {
    for (const entry of some) {
      const known = await earlier.find(entry.listed.path);
      if (known !== undefined && isUnchanged(known, entry)) entry.known = known;
    }
    yield some;
  }
}

/** The names of what has several; a group is forgotten once all its names were seen. */
class HardLinks {
  constructor() {
    /** @type {Map<string, { first: string, left: number }>} */
    this.groups = new Map();
  }

  /**
   * @param {Listed} listed
   * @param {string} path
   * @returns {string | undefined} undefined when `path` is the first one
   */
  firstName({ letter, inode, links }, path) {
    if (links < 2 || letter === "d") return undefined;
    const group = this.groups.get(inode);
    if (group === undefined) {
      this.groups.set(inode, { first: path, left: links - 1 });
      return undefined;
    }
    group.left -= 1;
    if (group.left === 0) this.groups.delete(inode);
    return group.first;
  }
}

/**
 * Whether the content of an entry belongs into its line.
 *
 * @param {Pick<Entry, "type" | "hardLink">} entry
 */
export function hasContent({ type, hardLink }) {
  return type === "file" && hardLink === undefined;
}

/**
 * The inode and its time of change: nothing can be written to it, and no attribute set, without a new one.
 *
 * @param {Listed} listed
 */
export const stampOf = ({ inode, ctime }) => `${inode}:${ctime}`;

/**
 * @param {Known} before
 * @param {Entry} entry
 */
function isUnchanged(before, { listed, type, hardLink }) {
  return (
    before.stamp === stampOf(listed) &&
    before.type === type &&
    before.mtime === listed.mtime &&
    (!hasContent({ type, hardLink }) || (before.hash !== undefined && before.size === listed.size))
  );
}

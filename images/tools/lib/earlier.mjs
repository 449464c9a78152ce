// @ts-check
import { decodeBytes } from "./paths.mjs";

/**
 * What an earlier manifest says about a path.
 *
 * @typedef {object} Known
 * @property {string} path
 * @property {string} type
 * @property {string} mtime
 * @property {number} [size]
 * @property {string} [hash]
 * @property {Record<string, string>} [xattrs]
 * @property {string} [stamp]
 */

/** An earlier manifest, read alongside a list in the same order. */
export class EarlierEntries {
  /** @param {AsyncIterable<string>} lines */
  constructor(lines) {
    this.lines = lines[Symbol.asyncIterator]();
    this.ended = false;
    /** @type {Known | undefined} */
    this.entry = undefined;
    /** Its path in bytes. */
    this.at = "";
  }

  /**
   * To be asked for one path after the other, in their order.
   *
   * @param {string} path latin1; empty for the root
   * @returns {Promise<Known | undefined>}
   */
  async find(path) {
    while (!this.ended && (this.entry === undefined || this.at < path)) await this.next();
    return this.at === path ? this.entry : undefined;
  }

  async next() {
    const { done, value } = await this.lines.next();
    this.ended = done === true;
    // Beginning and end of a manifest name no path.
    this.entry = !done && value.startsWith('{"path":') ? JSON.parse(value) : undefined;
    if (this.entry !== undefined)
      this.at = this.entry.path === "." ? "" : decodeBytes(this.entry.path);
  }
}

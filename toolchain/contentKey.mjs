// @ts-check
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

/**
 * A key over contents: equal keys mean equal names and bytes. Times and sizes do not enter, since a
 * checkout, a copy or a restored cache sets them at will.
 * @param {string} folder
 * @param {readonly string[]} files relative to the folder; their order does not matter
 * @param {readonly string[]} [also] further things that the result depends on (a version, a flag)
 * @returns {string} 64 hexadecimal digits
 */
export function contentKey(folder, files, also = []) {
  const hash = createHash("sha256");
  const add = (/** @type {string | Buffer} */ value) => {
    // Each length first, so that no two different lists run together into the same bytes.
    hash.update(`${value.length}:`).update(value);
  };
  for (const file of [...files].sort()) {
    add(file);
    add(readFileSync(join(folder, file)));
  }
  for (const value of also) add(value);
  return hash.digest("hex");
}

/**
 * @param {string} folder
 * @param {(path: string, isFolder: boolean) => boolean} select of folders: enter it; of files: list it
 * @returns {string[]} paths relative to the folder, with `/`, sorted; symbolic links are not followed
 */
export function listFiles(folder, select) {
  /** @type {string[]} */
  const found = [];
  /** @param {string} current */
  const visit = (current) => {
    for (const entry of readdirSync(current, { withFileTypes: true })) {
      const path = join(current, entry.name);
      const name = relative(folder, path);
      if (!select(name, entry.isDirectory())) continue;
      if (entry.isDirectory()) visit(path);
      else if (entry.isFile()) found.push(name);
    }
  };
  visit(folder);
  return found.sort();
}

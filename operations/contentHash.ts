import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import path from "node:path";

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}

/** A build sees a link as a link: where it points to is its content. */
function describeFile(file: string): string {
  const status = lstatSync(file);
  if (status.isSymbolicLink()) return `link\0${readlinkSync(file)}`;
  const executable = (status.mode & 0o111) !== 0;
  return `${executable}\0${createHash("sha256").update(readFileSync(file)).digest("hex")}`;
}

/**
 * One hash over names, execute bits and contents of all files below `folders` (paths relative to `root`).
 *
 * The same tree gives the same hash on every machine; times and owners do not count.
 */
export function contentHash(root: string, folders: readonly string[]): string {
  const hash = createHash("sha256");
  for (const folder of folders) {
    for (const file of filesBelow(path.join(root, folder))) {
      hash.update(`${path.relative(root, file)}\0${describeFile(file)}\n`);
    }
  }
  return hash.digest("hex");
}

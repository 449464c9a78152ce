import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
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
      const executable = (statSync(file).mode & 0o111) !== 0;
      const content = createHash("sha256").update(readFileSync(file)).digest("hex");
      hash.update(`${path.relative(root, file)}\0${executable}\0${content}\n`);
    }
  }
  return hash.digest("hex");
}

// @ts-check
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Writes a file whole or not at all, whenever the process may be killed: readers see the old
 * content or the new one.
 * @param {string} file
 * @param {unknown} value written as JSON
 */
export async function writeJson(file, value) {
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}.draft`;
  try {
    await writeFile(draft, `${JSON.stringify(value, null, 2)}\n`);
    await rename(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
}

/**
 * @param {string} file
 * @returns {Promise<Record<string, unknown> | undefined>} undefined when it is missing or damaged,
 *   which for a marker means the same: what it vouches for is to be made again
 */
export async function readJson(file) {
  try {
    const value = JSON.parse(await readFile(file, "utf8"));
    return value !== null && typeof value === "object" ? value : undefined;
  } catch {
    return undefined;
  }
}

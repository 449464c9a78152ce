// @ts-check
import { existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { formatBytes } from "./progress.mjs";

/**
 * @typedef {object} DiskNeed
 * @property {string} folder Need not exist yet.
 * @property {number} bytes Measured, with some room.
 * @property {string} purpose
 *
 * @typedef {object} DiskShortage
 * @property {string} message
 * @property {string} advice
 */

/**
 * @param {string} folder need not exist: the nearest folder above it that does decides
 * @returns {Promise<{folder: string, free: number, device: string}>} bytes free to this user
 */
export async function freeSpace(folder) {
  let existing = folder;
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing);
  const status = await statfs(existing);
  return {
    folder: existing,
    free: status.bavail * status.bsize,
    device: `${status.type}:${status.blocks}:${status.bfree}`,
  };
}

/**
 * Looks before a heavy step: a build that stops at the last gigabyte costs more than it saves, and
 * a full disk breaks whatever else lives on it. Needs on one file system add up.
 * @param {DiskNeed[]} needs
 * @param {typeof freeSpace} [measure] for tests
 * @returns {Promise<DiskShortage | undefined>}
 */
export async function findShortage(needs, measure = freeSpace) {
  /** @type {Map<string, {needs: DiskNeed[], folder: string, free: number}>} */
  const devices = new Map();
  for (const need of needs) {
    const { folder, free, device } = await measure(need.folder);
    const entry = devices.get(device) ?? { needs: [], folder, free };
    entry.needs.push(need);
    devices.set(device, entry);
  }
  for (const { needs: wanted, free } of devices.values()) {
    const bytes = wanted.reduce((sum, need) => sum + need.bytes, 0);
    if (bytes <= free) continue;
    const list = wanted.map(
      (need) => `${need.folder} (${need.purpose}: ${formatBytes(need.bytes)})`,
    );
    return {
      message: `not enough disk space: ${list.join(", ")} need ${formatBytes(bytes)}, ${formatBytes(free)} (${free} bytes) are free`,
      advice: `free ${formatBytes(bytes - free)} or more there, then run the same command again`,
    };
  }
  return undefined;
}

// @ts-check
import { lstatSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { describe, mustBeRead } from "./describe.mjs";
import { EarlierEntries } from "./earlier.mjs";
import { entries, withKnown } from "./entries.mjs";
import { list } from "./listing.mjs";
import { placeOf } from "./paths.mjs";

/**
 * Prints the entries of a manifest, one JSON object a line; checks/manifest.ts describes them.
 *
 * usage: manifest.mjs [--live] [--earlier] ROOT
 *   --live     others write below ROOT: what vanishes is left out instead of being an error
 *   --earlier  an earlier manifest of ROOT stands on standard input; the content of what has not
 *              changed since is taken from it instead of being read
 *
 * @typedef {import("./entries.mjs").Entry} Entry
 */

/** Many names to one start of a program, and little enough to read for a steady progress. */
const BATCH_ENTRIES = 4096;
const BATCH_BYTES = 256 * 1024 ** 2;

/**
 * @param {string} root an absolute path in ASCII
 * @param {{ live: boolean, earlier?: AsyncIterable<string> }} options
 * @returns {AsyncGenerator<string[]>} lines
 * @throws {Error} when something cannot be read
 */
export async function* manifestLines(root, { live, earlier }) {
  const startedAt = Date.now();
  const found = entries(list(root, { live }));
  const all = earlier === undefined ? found : withKnown(found, new EarlierEntries(earlier));
  /** @type {Promise<string[]>[]} */
  const running = [];
  for await (const batch of batches(all)) {
    const lines = describeThere(root, batch, live, startedAt);
    // Awaited later, in order: until then a failure has to count as handled.
    lines.catch(() => {});
    running.push(lines);
    if (running.length > availableParallelism()) yield (await running.shift()) ?? [];
  }
  for (const lines of running) yield await lines;
}

/**
 * @param {AsyncIterable<Entry[]>} all
 * @returns {AsyncGenerator<Entry[]>}
 */
async function* batches(all) {
  /** @type {Entry[]} */
  let batch = [];
  let bytes = 0;
  for await (const some of all) {
    for (const entry of some) {
      batch.push(entry);
      if (mustBeRead(entry)) bytes += entry.listed.size;
      if (batch.length < BATCH_ENTRIES && bytes < BATCH_BYTES) continue;
      yield batch;
      [batch, bytes] = [[], 0];
    }
  }
  if (batch.length > 0) yield batch;
}

/**
 * Describes a batch; of a live one, what is still there.
 *
 * @param {string} root
 * @param {Entry[]} batch
 * @param {boolean} live
 * @param {number} startedAt when the list was begun, milliseconds since 1970
 * @returns {Promise<string[]>}
 */
async function describeThere(root, batch, live, startedAt) {
  for (;;) {
    try {
      return await describe(root, batch, startedAt);
    } catch (error) {
      const left = batch.filter(({ listed }) => isThere(placeOf(root, listed.path)));
      if (!live || left.length === batch.length) throw error;
      batch = left;
    }
  }
}

/** @param {Buffer} place */
const isThere = (place) => lstatSync(place, { throwIfNoEntry: false }) !== undefined;

/** The versions of what makes a manifest, as the image's build wrote them down. */
function toolVersions() {
  const lines = readFileSync(new URL("versions", import.meta.url), "utf8")
    .trim()
    .split("\n");
  return Object.fromEntries(lines.map((line) => line.split(" ")));
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { live: { type: "boolean" }, earlier: { type: "boolean" } },
  });
  const root = positionals[0];
  if (root === undefined) throw new Error("no folder is named");
  const earlier = values.earlier ? { earlier: createInterface({ input: process.stdin }) } : {};
  await write([JSON.stringify({ tools: toolVersions() })]);
  const lines = manifestLines(root, { live: values.live ?? false, ...earlier });
  for await (const some of lines) await write(some);
}

/** @param {readonly string[]} lines */
async function write(lines) {
  if (lines.length === 0 || process.stdout.write(`${lines.join("\n")}\n`)) return;
  await new Promise((resolve) => process.stdout.once("drain", () => resolve(undefined)));
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  main().catch((error) => {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  });
}

import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { ManifestSum } from "../checks/manifest";
import { scratchFolders } from "../test/support/scratch";
import { manifestEntries } from "./manifest";

/** Not proven here: the making; test/stack/manifest.test.ts makes some of real trees. */

const scratch = scratchFolders();
const HEADER =
  '{"manifest":1,"createdAt":"2026-01-01T00:00:00Z","hash":"BLAKE3","tools":{},"volatile":[]}';
const ENTRIES = ["a", "ü", "%FF"].map((name) => `{"path":"${name}","type":"file","size":1}`);

function end(lines: readonly string[]): string {
  const sum = new ManifestSum([]);
  for (const line of lines) sum.add(line);
  return JSON.stringify(sum.end());
}

async function read(lines: readonly string[]): Promise<string[]> {
  const file = path.join(scratch(), "manifest.jsonl");
  writeFileSync(file, lines.map((line) => `${line}\n`).join(""));
  const found: string[] = [];
  for await (const line of manifestEntries(file)) found.push(line);
  return found;
}

test("a whole manifest gives its entries", async () => {
  expect(await read([HEADER, ...ENTRIES, end(ENTRIES)])).toEqual(ENTRIES);
  expect(await read([HEADER, end([])])).toEqual([]);
});

describe("a manifest is refused", () => {
  const changed = ENTRIES.map((line) => line.replace('"size":1', '"size":2'));
  test.each([
    ["that is empty", [], "is cut off"],
    ["without its end", [HEADER, ...ENTRIES], "is cut off"],
    ["of a later version", [HEADER.replace("1", "9"), end([])], "is of version 9"],
    ["with a changed entry", [HEADER, ...changed, end(ENTRIES)], "was changed after it was made"],
    ["that lost an entry", [HEADER, ...ENTRIES.slice(1), end(ENTRIES)], "was changed after"],
    ["with something after its end", [HEADER, end([]), ...ENTRIES], "goes on after its end"],
    ["with a line of another kind", [HEADER, '{"x":1}', end([])], "neither an entry nor its end"],
  ])("%s", async (_, lines, message) => {
    await expect(read(lines)).rejects.toThrow(message);
  });
});

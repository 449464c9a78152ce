import { describe, expect, test } from "vitest";
import { isAsStamped } from "./treeStamps";

// find . -printf "$STAMP_FORMAT"
const LIST = [
  "1237844:1795553201.2819956160 ",
  "1237845:1795553201.2819956170 a b",
  "1237846:1795553201.0019956180 \xff\n",
];
const STAMPS = [
  "1237844:1795553201281995616",
  "1237845:1795553201281995617",
  "1237846:1795553201001995618",
];
const entries = [".", "a b", "%FF%0A"].map((path, at) => ({ path, stamp: STAMPS[at] }));

/** Batches of the list of one record each, and of the manifest of two entries each. */
function compare(list: readonly string[], manifest: readonly object[]): Promise<boolean> {
  async function* records() {
    for (const record of list) yield [record];
  }
  async function* lines() {
    for (let at = 0; at < manifest.length; at += 2) {
      yield manifest.slice(at, at + 2).map((entry) => JSON.stringify(entry));
    }
  }
  return isAsStamped(records(), lines());
}

describe("a tree", () => {
  test("is what the manifest says while inodes and times of change are", async () => {
    expect(await compare(LIST, entries)).toBe(true);
  });

  const changed = (at: number, change: object) =>
    entries.map((entry, index) => (index === at ? { ...entry, ...change } : entry));

  test.each([
    ["another time of change", LIST, changed(1, { stamp: "1237845:1795553201281995618" })],
    ["another inode", LIST, changed(1, { stamp: "1237844:1795553201281995617" })],
    ["another name", LIST, changed(1, { path: "a c" })],
    ["no stamp", LIST, changed(2, { stamp: undefined })],
    ["one path more", LIST, entries.slice(0, 2)],
    ["one path less", LIST.slice(0, 2), entries],
    ["one path less within a batch", LIST.slice(0, 1), entries],
    ["a line of another form", ["1237844:-5.0 ", ...LIST.slice(1)], entries],
  ])("is not with %s", async (_, list, manifest) => {
    expect(await compare(list, manifest)).toBe(false);
  });
});

import { describe, expect, test } from "vitest";
import type { ManifestEntry } from "./manifest";
import { compareManifests, type Difference } from "./manifestCompare";

const BASE = { mode: "0644", uid: 1000, gid: 1000, mtime: "17" } as const;
const file = (path: string, changes: Partial<ManifestEntry> = {}): ManifestEntry => ({
  path,
  type: "file",
  ...BASE,
  size: 3,
  hash: "aa",
  ...changes,
});
const directory = (path: string, changes: Partial<ManifestEntry> = {}): ManifestEntry => ({
  path,
  type: "directory",
  ...BASE,
  mode: "0755",
  ...changes,
});

async function compare(
  expected: readonly ManifestEntry[],
  found: readonly ManifestEntry[],
  volatile: readonly string[] = [],
): Promise<Difference[]> {
  const lines = (entries: readonly ManifestEntry[]) =>
    entries.map((entry) => JSON.stringify(entry));
  const all: Difference[] = [];
  for await (const one of compareManifests(lines(expected), lines(found), volatile)) all.push(one);
  return all;
}

test("equal trees have no difference, whatever their stamps", async () => {
  const tree = [directory("."), file("a"), file("b")];
  const elsewhere = tree.map((entry) => ({ ...entry, stamp: "1:2" }));
  expect(await compare(tree, elsewhere)).toEqual([]);
});

describe("each aspect of an entry is a difference of its own", () => {
  const cases: [string, ManifestEntry, ManifestEntry, Partial<Difference>][] = [
    ["a flipped byte", file("a"), file("a", { hash: "ab" }), { kind: "content" }],
    [
      "another size",
      file("a"),
      file("a", { size: 4 }),
      { kind: "content", expected: "3 bytes, BLAKE3 aa", found: "4 bytes, BLAKE3 aa" },
    ],
    ["a mode", file("a"), file("a", { mode: "4644" }), { kind: "mode", found: "4644" }],
    ["an owner", file("a"), file("a", { uid: 0 }), { kind: "owner", found: "0:1000" }],
    ["a group", file("a"), file("a", { gid: 0 }), { kind: "owner", found: "1000:0" }],
    ["a time", file("a"), file("a", { mtime: "18" }), { kind: "mtime" }],
    [
      "the target of a link",
      file("a", { type: "link", target: "x" }),
      file("a", { type: "link", target: "y" }),
      { kind: "target", expected: "x", found: "y" },
    ],
    [
      "a device",
      file("a", { type: "block", device: [8, 1] }),
      file("a", { type: "block", device: [8, 2] }),
      { kind: "device", expected: "8:1", found: "8:2" },
    ],
    [
      "a lost attribute, without those that are there",
      file("a", { xattrs: { "user.x": "AA==", "user.y": "AQ==" } }),
      file("a", { xattrs: { "user.y": "AQ==" } }),
      { kind: "xattr", expected: "user.x=AA==", found: "user.x=none" },
    ],
  ];
  test.each(cases)("%s", async (_, expected, found, difference) => {
    const all = await compare([expected], [found]);
    expect(all).toEqual([expect.objectContaining({ path: "a", ...difference })]);
  });

  test("several at once are all given", async () => {
    const all = await compare([file("a")], [file("a", { hash: "ab", mode: "0600", gid: 0 })]);
    expect(all.map(({ kind }) => kind)).toEqual(["content", "mode", "owner"]);
  });
});

test("a broken hard link is that, and no lost content", async () => {
  const linked: ManifestEntry = { path: "b", type: "file", ...BASE, hardLink: "a" };
  const [difference, ...more] = await compare([file("a"), linked], [file("a"), file("b")]);
  expect(difference).toEqual({ path: "b", kind: "hardLink", expected: "a", found: "none" });
  expect(more).toEqual([]);
});

test("another type is that, and no lost content", async () => {
  const all = await compare([file("a")], [file("a", { type: "fifo", size: undefined as never })]);
  expect(all.map(({ kind }) => kind)).toEqual(["type"]);
});

describe("paths that only one side has", () => {
  test("are missing or extra, wherever they stand", async () => {
    const all = await compare(
      [directory("."), file("a"), file("c"), file("z")],
      [directory("."), file("b"), file("c"), directory("d")],
    );
    expect(all).toEqual([
      { path: "a", kind: "missing", expected: "file of 3 bytes" },
      { path: "b", kind: "extra", found: "file of 3 bytes" },
      { path: "d", kind: "extra", found: "directory" },
      { path: "z", kind: "missing", expected: "file of 3 bytes" },
    ]);
  });

  test("are found by bytes: neither letters above ASCII nor encoded ones confuse it", async () => {
    // In bytes: "%25" is 25, "a-b" comes before "a/b", "ü" is C3 BC, "%FF" is FF.
    const tree = ["%25", "a", "a-b", "a/b", "ü", "\u{10000}", "%FF"].map((path) => file(path));
    for (const left of tree.keys()) {
      const without = tree.toSpliced(left, 1);
      expect(await compare(tree, without)).toMatchObject([
        { path: tree[left]?.path, kind: "missing" },
      ]);
      expect(await compare(without, tree)).toMatchObject([
        { path: tree[left]?.path, kind: "extra" },
      ]);
    }
  });

  test("are all extra when there was nothing", async () => {
    expect(await compare([], [file("a")])).toMatchObject([{ path: "a", kind: "extra" }]);
  });
});

test("what is volatile may differ, and the time of its folder, but nothing else there", async () => {
  const before = [directory("data"), file("data/heartbeat"), file("data/settings")];
  const after = [
    directory("data", { mtime: "99" }),
    file("data/heartbeat", { hash: "ff", mtime: "99" }),
    file("data/settings", { mtime: "99" }),
  ];
  const volatile = ["data/heartbeat", "data/gone"];
  expect(await compare(before, after, volatile)).toMatchObject([
    { path: "data/settings", kind: "mtime" },
  ]);
  expect(await compare(before, before.slice(0, 1), volatile)).toMatchObject([
    { path: "data/settings", kind: "missing" },
  ]);
  const mode = [directory("data", { mode: "0700" })];
  expect(await compare([directory("data")], mode, volatile)).toMatchObject([{ kind: "mode" }]);
});

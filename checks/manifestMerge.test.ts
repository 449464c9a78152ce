import { describe, expect, it } from "vitest";
import type { ManifestEntry } from "./manifest";
import { compareManifests } from "./manifestCompare";
import { type Clash, clashesOf, mergeManifests } from "./manifestMerge";

const folder = (path: string, changes: Partial<ManifestEntry> = {}): ManifestEntry => ({
  path,
  type: "directory",
  mode: "0755",
  uid: 0,
  gid: 0,
  mtime: "1",
  ...changes,
});
const file = (path: string, changes: Partial<ManifestEntry> = {}): ManifestEntry => ({
  ...folder(path),
  type: "file",
  size: 1,
  hash: "aa",
  ...changes,
});
const lines = (...entries: ManifestEntry[]) => entries.map((entry) => JSON.stringify(entry));

async function merged(outer: string[], inner: string[]) {
  const clashes: Clash[] = [];
  const entries: ManifestEntry[] = [];
  for await (const line of mergeManifests(outer, inner, "workspace", (clash) =>
    clashes.push(clash),
  ))
    entries.push(JSON.parse(line));
  return { entries, clashes };
}

describe("a tree that is put into another one", () => {
  const outer = lines(folder("."), file("a"), file("workspace-x"), file("z"));
  const inner = lines(folder(".", { mode: "2750" }), file("a"), file("b"));

  it("stands there under its name, in the order of a manifest", async () => {
    const { entries, clashes } = await merged(outer, inner);
    expect(entries).toEqual([
      folder("."),
      file("a"),
      folder("workspace", { mode: "2750" }),
      file("workspace-x"),
      file("workspace/a"),
      file("workspace/b"),
      file("z"),
    ]);
    expect(clashes).toEqual([]);
  });

  it("is what a manifest of the result has, and every change to that shows", async () => {
    const differences = async (found: string[]) => {
      const all = [];
      for await (const one of compareManifests(mergeManifests(outer, inner, "workspace"), found))
        all.push(`${one.kind} of ${one.path}`);
      return all;
    };
    const { entries } = await merged(outer, inner);
    expect(await differences(lines(...entries))).toEqual([]);
    const changed = entries.map((one) =>
      one.path === "workspace/b" ? file(one.path, { hash: "bb" }) : one,
    );
    expect(await differences(lines(...changed))).toEqual(["content of workspace/b"]);
    expect(await differences(lines(...entries.slice(0, -1)))).toEqual(["missing of z"]);
  });

  it("keeps its hard links to itself", async () => {
    const linked = lines(folder("."), file("a"), { ...folder("b"), type: "file", hardLink: "a" });
    const { entries } = await merged(lines(folder(".")), linked);
    expect(entries.at(-1)).toMatchObject({ path: "workspace/b", hardLink: "workspace/a" });
  });

  it("is joined with a folder of that name, and decides what that is", async () => {
    const present = lines(folder("."), folder("workspace", { mtime: "9" }), file("workspace/own"));
    const { entries, clashes } = await merged(present, inner);
    expect(entries.slice(1)).toEqual([
      folder("workspace", { mode: "2750" }),
      file("workspace/a"),
      file("workspace/b"),
      file("workspace/own"),
    ]);
    expect(clashes).toEqual([]);
  });

  it.each([
    ["another content", file("workspace/b", { hash: "bb" }), ["content"]],
    ["another kind", folder("workspace/b"), ["type"]],
    ["another mode", file("workspace/b", { mode: "0600" }), ["mode"]],
  ])("clashes with what is there with %s", async (_, present, kinds) => {
    const there = lines(folder("."), folder("workspace"), present);
    expect(await clashesOf(there, inner, "workspace")).toEqual([{ path: "workspace/b", kinds }]);
  });

  it("does not clash with what is equal", async () => {
    const there = lines(folder("."), folder("workspace"), file("workspace/b"));
    expect(await clashesOf(there, inner, "workspace")).toEqual([]);
  });

  it("clashes with a link in the place of its folder", async () => {
    const link: ManifestEntry = { ...folder("workspace"), type: "link", target: "/etc" };
    expect(await clashesOf(lines(folder("."), link), inner, "workspace")).toEqual([
      { path: "workspace", kinds: expect.arrayContaining(["type"]) },
    ]);
  });
});

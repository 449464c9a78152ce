import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

describe("content keys", async () => {
  const { contentKey, listFiles } = await import("./contentKey.mjs");
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "content-key-"));
    mkdirSync(join(folder, "deep"));
    writeFileSync(join(folder, "a"), "one");
    writeFileSync(join(folder, "deep/b"), "two");
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const key = (also: string[] = []) =>
    contentKey(
      folder,
      listFiles(folder, () => true),
      also,
    );

  test("the order of the list and the files' times do not matter", () => {
    const before = key();
    utimesSync(join(folder, "a"), 1, 1);
    expect(key()).toBe(before);
    expect(contentKey(folder, ["deep/b", "a"])).toBe(before);
  });

  test("a changed byte, a changed name and a further input each give another key", () => {
    const keys = [key(), key(["v1"]), key(["v", "1"])];
    writeFileSync(join(folder, "a"), "onf");
    keys.push(key());
    rmSync(join(folder, "a"));
    writeFileSync(join(folder, "c"), "onf");
    keys.push(key());
    expect(new Set(keys).size).toBe(keys.length);
  });

  test("bytes that move from one file to the next do not give the same key", () => {
    writeFileSync(join(folder, "a"), "on");
    writeFileSync(join(folder, "deep/b"), "etwo");
    const moved = key();
    writeFileSync(join(folder, "a"), "one");
    writeFileSync(join(folder, "deep/b"), "two");
    expect(key()).not.toBe(moved);
  });

  test("the listing enters selected folders only and does not follow symbolic links", () => {
    symlinkSync(folder, join(folder, "loop"));
    expect(listFiles(folder, () => true)).toEqual(["a", "deep/b"]);
    expect(listFiles(folder, (path, isFolder) => !isFolder || path !== "deep")).toEqual(["a"]);
  });
});

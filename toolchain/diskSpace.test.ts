import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

describe("disk space", async () => {
  const { findShortage, freeSpace } = await import("./diskSpace.mjs");
  const measure = async (folder: string) => ({
    folder,
    free: folder.startsWith("/small") ? 100 : 5000,
    device: folder.startsWith("/small") ? "small" : "large",
  });

  test("enough is enough", async () => {
    const needs = [{ folder: "/large", bytes: 5000, purpose: "engine" }];
    expect(await findShortage(needs, measure)).toBeUndefined();
    expect(await findShortage([], measure)).toBeUndefined();
  });

  test("names the folder, what needs how much, the bytes free and how much to free", async () => {
    const needs = [
      { folder: "/large/cache", bytes: 10, purpose: "cache" },
      { folder: "/small/home", bytes: 2_000_000, purpose: "engine" },
    ];
    expect(await findShortage(needs, measure)).toEqual({
      message:
        "not enough disk space: /small/home (engine: 2 MB) need 2 MB, 100 B (100 bytes) are free",
      advice: "free 2 MB or more there, then run the same command again",
    });
  });

  test("needs on one file system add up", async () => {
    const needs = [
      { folder: "/large/a", bytes: 3000, purpose: "a" },
      { folder: "/large/b", bytes: 3000, purpose: "b" },
    ];
    expect((await findShortage(needs, measure))?.message).toContain("need 6 kB, 5 kB (5000 bytes)");
  });

  test("a folder that is still to be made is measured by the one above it", async () => {
    const { folder, free } = await freeSpace(join(tmpdir(), "no-such-folder/and/deeper"));
    expect(folder).toBe(tmpdir());
    expect(free).toBeGreaterThan(0);
  });
});

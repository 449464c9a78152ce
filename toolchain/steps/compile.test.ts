import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

describe("outputs of deleted sources", async () => {
  const { removeOutputsWithoutSource } = await import("./compile.mjs");
  let folder = "";
  const put = (...paths: string[]) => {
    for (const path of paths) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), "");
    }
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "compile-step-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test("go, with the folders that they leave empty; the rest stays", async () => {
    put("index.ts", "cli/main.ts", "cli/legacy.cts", "toolchain/versions.json");
    put("bin/index.js", "bin/cli/main.js", "bin/cli/legacy.cjs", "bin/toolchain/versions.json");
    put("bin/cli/gone.js", "bin/gone/deep/old.js", "bin/gone/data.json", "bin/.tsbuildinfo");
    expect(await removeOutputsWithoutSource(folder)).toEqual([
      "cli/legacy.cjs",
      "cli/main.js",
      "index.js",
      "toolchain/versions.json",
    ]);
    expect(existsSync(join(folder, "bin/cli/gone.js"))).toBe(false);
    expect(existsSync(join(folder, "bin/gone"))).toBe(false);
    expect(existsSync(join(folder, "bin/.tsbuildinfo"))).toBe(true);
  });
});

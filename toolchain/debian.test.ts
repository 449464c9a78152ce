import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

describe("which distribution", async () => {
  const { debianFamily } = await import("./debian.mjs");
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "os-release-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test.each([
    ['PRETTY_NAME="Debian GNU/Linux 12"\nID=debian\n', "debian"],
    ['ID=ubuntu\nID_LIKE="debian"\n', "ubuntu"],
    ['ID=linuxmint\nID_LIKE="ubuntu debian"\n', "ubuntu"],
    ["ID=raspbian\nID_LIKE=debian\n", "debian"],
    ['ID="fedora"\n', undefined],
    ["VERSION_ID=debian\n", undefined],
    ["", undefined],
  ])("%j is %s", async (text, family) => {
    const file = join(folder, "os-release");
    writeFileSync(file, text);
    expect(await debianFamily(file)).toBe(family);
  });

  test("a system without that file is none of them", async () => {
    expect(await debianFamily(join(folder, "none"))).toBeUndefined();
  });
});

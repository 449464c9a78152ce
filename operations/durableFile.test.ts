import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { scratchFolders } from "../test/support/scratch";
import { removeStaleDrafts, writeDurably } from "./durableFile";

const scratch = scratchFolders();

describe("writeDurably", () => {
  it("makes a file with exactly this content and mode, and leaves nothing else", () => {
    const folder = scratch();
    const file = join(folder, "secret");
    writeDurably(file, "canary", 0o600);
    expect(readFileSync(file, "utf8")).toBe("canary");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    writeDurably(file, Buffer.from([0, 255]), 0o640);
    expect([...readFileSync(file)]).toEqual([0, 255]);
    expect(statSync(file).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder)).toEqual(["secret"]);
  });

  it("replaces what a link points to, not the link", () => {
    const folder = scratch();
    const [file, link] = [join(folder, "file"), join(folder, "link")];
    writeFileSync(file, "old");
    symlinkSync(file, link);
    writeDurably(link, "new", 0o600);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readFileSync(file, "utf8")).toBe("new");
  });

  it("leaves the old file and no draft when it cannot take its place", () => {
    const folder = scratch();
    const file = join(folder, "taken");
    mkdirSync(join(file, "inside"), { recursive: true });
    expect(() => writeDurably(file, "new", 0o600)).toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
    expect(existsSync(join(file, "inside"))).toBe(true);
    expect(readdirSync(folder)).toEqual(["taken"]);
  });
});

describe("what a killed run has left of a file", () => {
  it("is removed, and the draft of one that lives is not", () => {
    const folder = scratch();
    // No process has this number: Linux stops at 4194304.
    const names = ["note.json", "note.json.4194305.tmp", `other.json.${process.pid}.tmp`, "4.tmp"];
    for (const name of names) writeFileSync(join(folder, name), "");
    removeStaleDrafts(folder);
    expect(readdirSync(folder).sort()).toEqual(names.filter((_, at) => at !== 1).sort());
    removeStaleDrafts(join(folder, "nothing"));
  });
});

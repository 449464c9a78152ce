import {
  chmodSync,
  cpSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { scratchFolders } from "../test/support/scratch";
import { contentHash } from "./contentHash";

const scratch = scratchFolders();
let root: string;
const at = (...parts: string[]) => path.join(root, ...parts);

beforeEach(() => {
  root = scratch();
  mkdirSync(at("image", "lib"), { recursive: true });
  mkdirSync(at("shared"));
  mkdirSync(at("other"));
  writeFileSync(at("image", "Dockerfile"), "FROM base\n");
  writeFileSync(at("image", "lib", "start.sh"), "#!/bin/sh\n", { mode: 0o755 });
  writeFileSync(at("image", "z"), "");
  symlinkSync("lib/start.sh", at("image", "start"));
  writeFileSync(at("shared", "ca.crt"), "certificate\n");
  writeFileSync(at("other", "file"), "");
});

const FOLDERS = ["image", "shared"];
const hash = () => contentHash(root, FOLDERS);

describe("the hash stays the same", () => {
  test.each<[string, () => void]>([
    ["when it is taken again", () => {}],
    ["when a file is only touched", () => utimesSync(at("image", "Dockerfile"), 1, 1)],
    ["when a file is readable to others", () => chmodSync(at("image", "Dockerfile"), 0o640)],
    [
      "when a file is written anew as it was",
      () => writeFileSync(at("image", "Dockerfile"), "FROM base\n"),
    ],
    ["when a folder outside changes", () => writeFileSync(at("other", "file"), "changed")],
    ["when an empty folder comes, which git would not keep", () => mkdirSync(at("image", "empty"))],
  ])("%s", (_title, change) => {
    const before = hash();
    change();
    expect(hash()).toBe(before);
  });

  test("for a copy of the tree somewhere else", () => {
    const copy = scratch();
    cpSync(root, copy, { recursive: true, verbatimSymlinks: true });
    expect(contentHash(copy, FOLDERS)).toBe(hash());
  });

  test("from one version of this project to the next, or every image would be built again", () => {
    // By hand, with printf and sha256sum: `NAME\0EXECUTABLE\0SHA256` or `NAME\0link\0AIM` in each line.
    expect(hash()).toBe("2329d2044c7952d8292399567c10e71cef5a163b217e7ac2f31c081632542b52");
  });
});

describe("the hash changes", () => {
  test.each<[string, () => void]>([
    ["with a content", () => writeFileSync(at("image", "Dockerfile"), "FROM base \n")],
    ["with a content in a shared folder", () => writeFileSync(at("shared", "ca.crt"), "")],
    ["with a name", () => renameSync(at("image", "z"), at("image", "y"))],
    ["with a folder's name", () => renameSync(at("image", "lib"), at("image", "bin"))],
    ["with the bit that makes a file a program", () => chmodSync(at("image", "Dockerfile"), 0o744)],
    [
      "with a program that is none any more",
      () => chmodSync(at("image", "lib", "start.sh"), 0o644),
    ],
    ["with a new empty file", () => writeFileSync(at("image", ".hidden"), "")],
    ["with a file less", () => rmSync(at("image", "z"))],
    [
      "with the aim of a link",
      () => {
        rmSync(at("image", "start"));
        symlinkSync("lib/stop.sh", at("image", "start"));
      },
    ],
    [
      "with a link that becomes the file it pointed to",
      () => {
        rmSync(at("image", "start"));
        cpSync(at("image", "lib", "start.sh"), at("image", "start"));
      },
    ],
    [
      "with a content that moves to the next file",
      () => {
        writeFileSync(at("image", "z"), "FROM base\n");
        writeFileSync(at("image", "Dockerfile"), "");
      },
    ],
  ])("%s", (_title, change) => {
    const before = hash();
    change();
    expect(hash()).not.toBe(before);
  });

  test("with the folders that it is taken over", () => {
    expect(contentHash(root, ["image"])).not.toBe(hash());
  });
});

test("a folder that is missing is an error, not an empty one", () => {
  expect(() => contentHash(root, ["image", "missing"])).toThrow("ENOENT");
});

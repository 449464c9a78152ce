import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { runOperation } from "../test/support/operation";
import { scratchFolders } from "../test/support/scratch";
import { removeSecretFile, writeSecretFile } from "./secretFile";

const scratch = scratchFolders();
let root: string;
let own: string;
let folder: string;
let file: string;

beforeEach(() => {
  root = scratch();
  own = path.join(root, "doom-coding");
  folder = path.join(own, "00000000", "dev");
  file = path.join(folder, "key-abc");
});

afterEach(() => {
  vi.restoreAllMocks();
});

function mode(place: string): string {
  return (lstatSync(place).mode & 0o7777).toString(8);
}

/** The message of what `action` throws. */
function failure(action: () => void): string {
  try {
    action();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("nothing was thrown");
}

describe("writing", () => {
  test.each([0o022, 0o000, 0o077])(
    "makes a file for its owner alone, whatever the umask (%o)",
    (umask) => {
      const before = process.umask(umask);
      try {
        writeSecretFile(file, "canary\n$x \u00e4");
      } finally {
        process.umask(before);
      }
      expect(readFileSync(file, "utf8")).toBe("canary\n$x \u00e4");
      expect(mode(file)).toBe("400");
      expect([own, path.join(own, "00000000"), folder].map(mode)).toEqual(["700", "700", "700"]);
      expect(readdirSync(folder)).toEqual(["key-abc"]);
    },
  );

  test("replaces an older file whole, as a new file", () => {
    writeSecretFile(file, "a longer first content");
    const first = lstatSync(file).ino;
    writeSecretFile(file, "second");
    expect(readFileSync(file, "utf8")).toBe("second");
    expect(lstatSync(file).ino).not.toBe(first);
    expect(mode(file)).toBe("400");
  });

  test("goes on after a run that was killed halfway", () => {
    writeSecretFile(path.join(folder, "neighbour"), "x");
    writeFileSync(`${file}.${process.pid}`, "half", { mode: 0o400 });
    writeSecretFile(file, "whole");
    expect(readFileSync(file, "utf8")).toBe("whole");
    expect(readdirSync(folder).sort()).toEqual(["key-abc", "neighbour"]);
  });

  test("replaces a link that stands in the way, and leaves what it points to", () => {
    const victim = path.join(root, "victim");
    writeFileSync(victim, "untouched");
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    symlinkSync(victim, file);
    symlinkSync(victim, `${file}.${process.pid}`);
    writeSecretFile(file, "canary");
    expect(lstatSync(file).isSymbolicLink()).toBe(false);
    expect(readFileSync(victim, "utf8")).toBe("untouched");
  });

  test("refuses an empty secret before it makes anything", () => {
    expect(failure(() => writeSecretFile(file, ""))).toBe(
      "the secret is empty: refusing to write a file that opens the door",
    );
    expect(existsSync(own)).toBe(false);
  });

  test("leaves no half secret behind when it cannot finish", () => {
    mkdirSync(file, { recursive: true, mode: 0o700 });
    expect(failure(() => writeSecretFile(file, "canary"))).toMatch(/EISDIR/);
    expect(readdirSync(folder)).toEqual(["key-abc"]);
  });
});

describe("refuses to write into", () => {
  const wanted = (place: string, owner = process.getuid?.()) =>
    `${place} must be a folder of user ${owner} with mode 0700; remove it and try again`;

  test.each([0o755, 0o770, 0o701, 0o777])("a folder with mode %o", (bits) => {
    mkdirSync(own);
    chmodSync(own, bits);
    expect(failure(() => writeSecretFile(file, "canary"))).toBe(wanted(own));
    expect(readdirSync(own)).toEqual([]);
  });

  test("a folder of another user", () => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const other = lstatSync(own).uid + 1;
    vi.spyOn(process as Required<typeof process>, "getuid").mockReturnValue(other);
    expect(failure(() => writeSecretFile(file, "canary"))).toBe(wanted(own, other));
    expect(readdirSync(folder)).toEqual([]);
  });

  test("a link to a folder", () => {
    const elsewhere = path.join(root, "elsewhere");
    mkdirSync(elsewhere, { mode: 0o700 });
    symlinkSync(elsewhere, own);
    expect(failure(() => writeSecretFile(file, "canary"))).toBe(wanted(own));
    expect(readdirSync(elsewhere)).toEqual([]);
  });

  test("a file that stands where a folder should", () => {
    writeFileSync(own, "", { mode: 0o600 });
    expect(failure(() => writeSecretFile(file, "canary"))).toMatch(/^EEXIST: .*doom-coding'$/);
  });
});

describe("a path", () => {
  const outside = (place: string) =>
    `${place} is not an absolute path below a folder named doom-coding`;

  test.each([
    ["relative", () => "doom-coding/dev/key"],
    ["without a folder of ours", () => path.join(root, "key")],
    ["of the folder itself", () => own],
    ["that leads out again", () => `${own}/../key`],
  ])("%s is neither written nor removed", (_title, place) => {
    const given = place();
    const victim = path.join(root, "key");
    writeFileSync(victim, "untouched");
    expect(failure(() => writeSecretFile(given, "canary"))).toBe(outside(given));
    expect(failure(() => removeSecretFile(given))).toBe(outside(given));
    expect(readFileSync(victim, "utf8")).toBe("untouched");
    expect(readdirSync(root)).toEqual(["key"]);
  });
});

describe("removing", () => {
  test("takes the file and the folders that are empty then, no more", () => {
    writeFileSync(path.join(root, "foreign"), "");
    writeSecretFile(file, "canary");
    removeSecretFile(file);
    expect(readdirSync(root)).toEqual(["foreign"]);
  });

  test("leaves neighbours and their folders", () => {
    const neighbour = path.join(folder, "neighbour");
    const otherStack = path.join(own, "00000000", "prod", "key");
    for (const place of [file, neighbour, otherStack]) writeSecretFile(place, "canary");
    removeSecretFile(file);
    expect(existsSync(file)).toBe(false);
    expect(readFileSync(neighbour, "utf8")).toBe("canary");
    removeSecretFile(neighbour);
    expect(readdirSync(path.join(own, "00000000"))).toEqual(["prod"]);
    expect(readFileSync(otherStack, "utf8")).toBe("canary");
  });

  test("is done when there is nothing, as after a reboot", () => {
    removeSecretFile(file);
    writeSecretFile(path.join(folder, "neighbour"), "canary");
    removeSecretFile(file);
    expect(readdirSync(folder)).toEqual(["neighbour"]);
  });
});

describe("as a command", () => {
  const run = (action: string[], environment: Record<string, string>) => {
    const { status, stdout, stderr } = runOperation("secretFile", scratch(), environment, action);
    return { status, stdout, stderr };
  };
  const silent = { status: 0, stdout: "", stderr: "" };

  test("writes and removes without printing anything", () => {
    const environment = { DOOM_SECRET_FILE: file, DOOM_SECRET: "canary" };
    expect(run(["write"], environment)).toEqual(silent);
    expect(readFileSync(file, "utf8")).toBe("canary");
    expect(run(["remove"], environment)).toEqual(silent);
    expect(readdirSync(root)).toEqual([]);
  });

  test.each([
    [["write"], {}, "DOOM_SECRET_FILE is not set"],
    [
      ["write"],
      { DOOM_SECRET_FILE: "/run/doom-coding/x/key" },
      "the secret is empty: refusing to write a file that opens the door",
    ],
    [
      ["delete"],
      { DOOM_SECRET_FILE: "/run/doom-coding/x/key", DOOM_SECRET: "canary" },
      'unknown action "delete"; allowed: write, remove',
    ],
    [
      [],
      { DOOM_SECRET_FILE: "/run/doom-coding/x/key", DOOM_SECRET: "canary" },
      "unknown action undefined; allowed: write, remove",
    ],
  ])("%j with %j fails with a reason, never the secret", (action, environment, problem) => {
    expect(run(action, environment as Record<string, string>)).toEqual({
      status: 1,
      stdout: "",
      stderr: `secret file: ${problem}\n`,
    });
  });
});

import * as fs from "node:fs";
import path from "node:path";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { scratchFolders } from "../test/support/scratch";
import { Failure } from "./failure";
import { replaceFile } from "./replaceFile";

/** Counts the calls that touch the file system, and lets one of them fail. */
const faults = vi.hoisted(() => ({ count: 0, failAt: 0, calls: [] as string[] }));

vi.mock("node:fs", async (original) => {
  const real = await original<typeof import("node:fs")>();
  const touching = [
    "realpathSync",
    "statSync",
    "readFileSync",
    "readdirSync",
    "openSync",
    "writeFileSync",
    "fchownSync",
    "fchmodSync",
    "fsyncSync",
    "linkSync",
    "renameSync",
    "chmodSync",
  ] as const;
  const wrapped = touching.map((name) => [
    name,
    (...args: unknown[]) => {
      faults.count += 1;
      faults.calls.push(name);
      if (faults.count === faults.failAt) {
        throw Object.assign(new Error(`EIO: ${name}`), { code: "EIO", syscall: name });
      }
      return (real[name] as (...given: unknown[]) => unknown)(...args);
    },
  ]);
  return { ...real, ...Object.fromEntries(wrapped) };
});

const scratch = scratchFolders();
const BEFORE = "the old one\n";
const AFTER = "the new one\n";
let folder: string;
let file: string;

beforeEach(() => {
  Object.assign(faults, { count: 0, failAt: 0, calls: [] });
  folder = scratch();
  file = path.join(folder, "settings");
});

function writeOld(mode = 0o644): void {
  fs.writeFileSync(file, BEFORE);
  fs.chmodSync(file, mode);
  Object.assign(faults, { count: 0, calls: [] });
}

function modeOf(name: string): string {
  return (fs.lstatSync(path.join(folder, name)).mode & 0o7777).toString(8);
}

const replacing = { before: BEFORE, after: AFTER, secret: false, backup: true };
const run = (changes: Partial<Parameters<typeof replaceFile>[0]> = {}) =>
  replaceFile({ path: file, ...replacing, ...changes });

/** Everything in the folder with its mode and content. */
function contents(): Record<string, string> {
  return Object.fromEntries(
    fs
      .readdirSync(folder)
      .map((name) => [`${name} ${modeOf(name)}`, fs.readFileSync(path.join(folder, name), "utf8")]),
  );
}

describe("a file is replaced", () => {
  test("with its mode kept, the old one beside it", () => {
    writeOld(0o640);
    expect(run()).toBe(`${file}.bak`);
    expect(contents()).toEqual({ "settings 640": AFTER, "settings.bak 640": BEFORE });
  });

  test("for its owner alone when it holds secrets, and so is the backup", () => {
    writeOld(0o644);
    run({ secret: true });
    expect(contents()).toEqual({ "settings 600": AFTER, "settings.bak 600": BEFORE });
  });

  test("with a mode that is stricter than needed kept", () => {
    writeOld(0o400);
    run({ secret: true });
    expect(contents()).toEqual({ "settings 400": AFTER, "settings.bak 400": BEFORE });
  });

  test("without a backup when none is wanted", () => {
    writeOld();
    expect(run({ backup: false })).toBeUndefined();
    expect(contents()).toEqual({ "settings 644": AFTER });
  });

  test("with every earlier backup kept", () => {
    writeOld();
    run();
    expect(run({ before: AFTER, after: "third" })).toBe(`${file}.2.bak`);
    expect(run({ before: "third", after: "fourth" })).toBe(`${file}.3.bak`);
    expect(contents()).toEqual({
      "settings 644": "fourth",
      "settings.bak 644": BEFORE,
      "settings.2.bak 644": AFTER,
      "settings.3.bak 644": "third",
    });
  });

  test("where a link leads to, and the link stays one", () => {
    writeOld();
    fs.mkdirSync(path.join(folder, "links"));
    const link = path.join(folder, "links", "link");
    fs.symlinkSync(file, link);
    expect(run({ path: link })).toBe(`${file}.bak`);
    expect(fs.lstatSync(link).isSymbolicLink()).toBe(true);
    expect(fs.readFileSync(file, "utf8")).toBe(AFTER);
  });

  test("when a killed run left its half of one, which goes", () => {
    writeOld();
    fs.writeFileSync(`${file}.4194303.new`, "half");
    fs.writeFileSync(`${file}.${process.pid}.new`, "half");
    fs.writeFileSync(`${file}.1.new`, "of a process that lives");
    run();
    expect(Object.keys(contents())).toEqual([
      "settings 644",
      "settings.1.new 644",
      "settings.bak 644",
    ]);
  });

  test("made when there is none, for its owner alone", () => {
    expect(run({ before: undefined })).toBeUndefined();
    expect(contents()).toEqual({ "settings 600": AFTER });
  });
});

describe("a file is left alone", () => {
  test("that was changed meanwhile", () => {
    writeOld();
    expect(() => run({ before: "something else" })).toThrow(
      `${file} was changed meanwhile; nothing was written.\nFix: run the command again`,
    );
    expect(contents()).toEqual({ "settings 644": BEFORE });
  });

  test("that appeared meanwhile", () => {
    writeOld();
    expect(() => run({ before: undefined })).toThrow(Failure);
    expect(contents()).toEqual({ "settings 644": BEFORE });
  });

  test("that went meanwhile", () => {
    expect(() => run()).toThrow(Failure);
    expect(contents()).toEqual({});
  });
});

describe("whatever fails", () => {
  /** Runs once without a fault, to learn the calls, then once for each of them. */
  function eachCall(
    prepare: () => void,
    change: Parameters<typeof run>[0],
    left: object,
  ): string[] {
    prepare();
    run(change);
    const calls = [...faults.calls];
    for (const [index, call] of calls.entries()) {
      fs.rmSync(folder, { recursive: true });
      fs.mkdirSync(folder);
      prepare();
      Object.assign(faults, { count: 0, failAt: index + 1 });
      expect(() => run(change), `${call} (${index})`).toThrow(
        new Failure("configuration", `${file} cannot be replaced (EIO).`, {
          problems: [`${call} failed`],
          fix: "it is as it was; make room, or make it and its folder writable for you, and run the command again",
        }),
      );
      faults.failAt = 0;
      expect(contents(), `${call} (${index})`).toEqual(left);
    }
    return calls;
  }

  test("the old file is in its place, as it was, and nothing beside it", () => {
    const calls = eachCall(() => writeOld(0o640), { secret: true }, { "settings 640": BEFORE });
    expect(calls).toEqual([
      "realpathSync",
      "statSync",
      "readFileSync",
      "readdirSync",
      "openSync",
      "writeFileSync",
      "fchownSync",
      "fchmodSync",
      "fsyncSync",
      "linkSync",
      "renameSync",
      "openSync",
      "fsyncSync",
      "chmodSync",
    ]);
  });

  test("a new file is not there", () => {
    const calls = eachCall(
      () => Object.assign(faults, { count: 0, calls: [] }),
      { before: undefined },
      {},
    );
    expect(calls).toEqual([
      "readdirSync",
      "openSync",
      "writeFileSync",
      "fchmodSync",
      "fsyncSync",
      "linkSync",
      "openSync",
      "fsyncSync",
    ]);
  });
});

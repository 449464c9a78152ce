import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { beforeEach, expect, test } from "vitest";
import { installerEnvs } from "../test/support/installerEnvs";
import { scratchFolders } from "../test/support/scratch";
import { migrateEnvFile } from "./envFileMigration";

const scratch = scratchFolders();
let file: string;

beforeEach(() => {
  file = path.join(scratch(), ".env");
});

function put(text: string, mode: number): void {
  writeFileSync(file, text);
  chmodSync(file, mode);
}

const read = (name = file) => readFileSync(name, "utf8");
const modeOf = (name = file) => (lstatSync(name).mode & 0o777).toString(8);
const first = installerEnvs[0]?.text as string;

test.each(installerEnvs)("$title gets its newest form, once", ({ text, password }) => {
  put(text, 0o644);
  const result = migrateEnvFile(file);
  expect(JSON.stringify(result)).not.toContain(password);
  const after = read();
  expect(after.startsWith(text)).toBe(true);
  expect([result.changed, result.wasReadable, modeOf()]).toEqual([after !== text, true, "600"]);
  const again = migrateEnvFile(file);
  expect([again.changed, again.wasReadable, again.steps]).toEqual([false, false, []]);
  expect([read(), modeOf()]).toEqual([after, "600"]);
});

test("the old file stays beside it, for its owner alone", () => {
  put(first, 0o644);
  expect(migrateEnvFile(file).backup).toBe(`${file}.bak`);
  expect([read(`${file}.bak`), modeOf(`${file}.bak`)]).toEqual([first, "600"]);
});

test("a mode of 0600 or less is kept", () => {
  put(first, 0o400);
  migrateEnvFile(file);
  expect(modeOf()).toBe("400");
});

test("a dry run writes nothing", () => {
  put(first, 0o644);
  const { changed, keys } = migrateEnvFile(file, true);
  expect(changed).toBe(true);
  expect(keys).toContainEqual({
    outcome: "added",
    key: "TZ",
    value: "UTC",
    reason: "without it the containers of the first form ran in UTC",
  });
  expect([read(), modeOf(), existsSync(`${file}.bak`)]).toEqual([first, "644", false]);
});

test("a file with a fault is left as it was, its mode included", () => {
  const text = "CODE_SERVER_PASSWORD=changeme\nPUID=0\n";
  put(text, 0o644);
  expect(() => migrateEnvFile(file)).toThrow(
    expect.objectContaining({
      problems: [
        `${file}:1: CODE_SERVER_PASSWORD: the password is a placeholder`,
        `${file}: PGID: missing`,
      ],
    }),
  );
  expect([read(), modeOf()]).toEqual([text, "644"]);
});

test.each([
  ["a folder", () => mkdirSync(file), "is not a regular file"],
  ["not there", () => {}, "does not exist"],
  ["a link to nowhere", () => symlinkSync("/nowhere", file), "does not exist"],
  ["a device", () => symlinkSync("/dev/zero", file), "is not a regular file"],
  ["too large", () => put("#".repeat(1024 * 1024 + 1), 0o600), "is too large (1048577 bytes)"],
])("what is %s is refused", (_title, make, what) => {
  make();
  expect(() => migrateEnvFile(file)).toThrow(
    expect.objectContaining({
      message: `${file} ${what}.\nFix: name the .env file of the installer`,
    }),
  );
});

import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { beforeEach, expect, test } from "vitest";
import { scratchFolders } from "../test/support/scratch";
import { encryptSecrets } from "./encryptSecrets";
import { EngineCommand } from "./engine";
import type { StackSession } from "./stackSession";

/** Against a CLI that records what it is given. The real one is in test/stack/configMigration.test.ts. */

const scratch = scratchFolders();
let folder: string;

/** Records its arguments, environment and input; "encrypts" by counting characters. */
const RECORDER = `#!${process.execPath}
const fs = require("node:fs");
const input = fs.readFileSync(0, "utf8");
const args = process.argv.slice(2);
const file = args[args.indexOf("--config-file") + 1];
const given = fs.readFileSync(file, "utf8");
fs.appendFileSync(process.env.RECORD, JSON.stringify({
  args: args.map((arg) => (arg === file ? "FILE" : arg)), input, given,
  mode: (fs.statSync(file).mode & 0o777).toString(8), environment: process.env, file,
}) + "\\n");
if (input.includes("fail")) { console.error("cannot encrypt " + input); process.exit(7); }
const name = /\\.([\\w-]+)$/.exec(args[args.indexOf("--path") + 1])[1];
const entry = "    " + name + ":\\n      secure: v1:length-" + input.length + "\\n";
const head = given.includes("doom-coding:secrets") ? given : given + "config:\\n  doom-coding:secrets:\\n";
fs.writeFileSync(file, head + entry);
`;

function session(salt?: string): StackSession {
  return {
    project: { root: folder, name: "doom-coding", stateFolder: folder },
    stack: "box",
    command: new EngineCommand({ root: folder, version: "3.0.0", environment: {} }),
    checkpoint: salt === undefined ? {} : { salt },
    secretsEnvironment: { RECORD: path.join(folder, "record"), MY_PASSPHRASE_FILE: "/x" },
  } as unknown as StackSession;
}

const records = () =>
  readFileSync(path.join(folder, "record"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

beforeEach(() => {
  folder = scratch();
  mkdirSync(path.join(folder, "bin"));
  writeFileSync(path.join(folder, "bin", "pulumi"), RECORDER);
  chmodSync(path.join(folder, "bin", "pulumi"), 0o755);
});

const SECRETS = new Map([
  ["code-server-1", "canary one\n"],
  ["code-server-2", "canary $two"],
]);

test("each secret goes in by standard input, and only its ciphertext comes back", async () => {
  const stackFile = "encryptionsalt: v1:salt\nconfig:\n  a:b: c\n";
  expect(await encryptSecrets(session(), stackFile, SECRETS)).toEqual({
    ciphertexts: new Map([
      ["code-server-1", "v1:length-11"],
      ["code-server-2", "v1:length-11"],
    ]),
    salt: "v1:salt",
  });
  const [first, second] = records();
  expect([first.input, second.input]).toEqual([...SECRETS.values()]);
  expect(first.args).toEqual([
    "config",
    "set",
    "--secret",
    "--path",
    "doom-coding:secrets.code-server-1",
    "--config-file",
    "FILE",
    "--stack",
    "box",
    "--non-interactive",
  ]);
  expect([first.given, first.mode]).toEqual(["encryptionsalt: v1:salt\n", "600"]);
  expect(first.environment.MY_PASSPHRASE_FILE).toBe("/x");
  const handed = JSON.stringify([first.args, second.args, first.environment, second.environment]);
  expect(handed).not.toContain("canary");
  expect(existsSync(path.dirname(first.file))).toBe(false);
});

test.each([
  [
    "the salt of the state, when the file has none",
    "config: {}\n",
    "v1:state",
    "encryptionsalt: v1:state\n",
  ],
  [
    "another provider's key",
    "secretsprovider: awskms://k\nencryptedkey: abc\n",
    "v1:state",
    "secretsprovider: awskms://k\nencryptedkey: abc\n",
  ],
])("the stack's own key is used: %s", async (_title, stackFile, salt, given) => {
  await encryptSecrets(session(salt), stackFile, SECRETS);
  expect(records()[0].given).toBe(given);
});

test("a failure repeats no secret and leaves no file", async () => {
  const before = readdirSync(tmpdir()).filter((name) => name.startsWith("doom-config-"));
  const failing = encryptSecrets(session(), "", new Map([["code-server-1", "canary fail"]]));
  await expect(failing).rejects.toThrow(
    "The engine could not encrypt code-server-1 (code 7).\nFix: see why: npx pulumi config --stack box; nothing was changed",
  );
  await expect(failing).rejects.not.toThrow("canary");
  const after = readdirSync(tmpdir()).filter((name) => name.startsWith("doom-config-"));
  expect(after.filter((name) => !before.includes(name))).toEqual([]);
});

import { describe, expect, test } from "vitest";
import { parseStackFile } from "../checks/stackFile";
import { flatten } from "./flatSettings";
import { StackDocument } from "./stackDocument";

const NONE = new Map<string, string>();

const FILE = `# yaml-language-server: $schema=./config/stack.schema.json

# of the file
config:
  # of the environment
  doom-coding:environment:
    # of a
    a: 1 # behind a

    # of b
    b:
      # of c
      c: "x"
      d: [1, 2] # behind d
    # at the end
  other:key: { x: z } # behind other

# at the very end
`;

function edited(settings: Record<string, unknown>, renamed = NONE, text = FILE): string {
  const document = new StackDocument(text);
  document.setSettings(flatten(settings), renamed);
  return document.toString();
}

describe("a stack file", () => {
  test("is read with its settings and the names of its secrets", () => {
    const document = new StackDocument(
      `${FILE}encryptionsalt: v1:x\n`.replace(
        "  other:key",
        "  doom-coding:secrets:\n    code-server-1: { secure: v1:y }\n  other:key",
      ),
    );
    expect(document.settings).toEqual(
      new Map<string, unknown>([
        ["a", 1],
        ["b.c", "x"],
        ["b.d", [1, 2]],
      ]),
    );
    expect(document.secretNames).toEqual(["code-server-1"]);
  });

  test("stays as it is to the byte when nothing is changed", () => {
    const odd = FILE.replace("    a: 1", "        a:   1").replace("    b:\n", "        b:\n");
    for (const text of [FILE, odd, "", "config:\n", FILE.replaceAll("\n", "\r\n")]) {
      const document = new StackDocument(text);
      document.setSettings(document.settings, NONE);
      expect(document.toString()).toBe(text);
    }
  });

  test("keeps every comment and the order when a value is changed", () => {
    const text = edited({ a: 2, b: { c: "x", d: [1, 2] } });
    expect(text).toBe(FILE.replace("a: 1", "a: 2").replace("[1, 2]", "[ 1, 2 ]"));
  });

  test("takes the comments of a setting along to its new place, and drops the rest with it", () => {
    const text = edited({ e: { f: "1" }, b: { d: [3] } }, new Map([["e.f", "a"]]));
    expect(text).toContain('    e:\n      # of a\n      f: "1" # behind a\n');
    expect(text).not.toContain("of c");
    for (const comment of [
      "of the file",
      "of the environment",
      "of b",
      "at the end",
      "behind other",
    ])
      expect(text).toContain(`# ${comment}`);
  });

  test("loses a section that is left empty", () => {
    expect(edited({ a: 1 })).not.toContain("b:");
  });

  test("gets its secrets as ciphertext, and a salt unless it has one", () => {
    const document = new StackDocument(FILE);
    document.setSecret("code-server-1", "v1:abc:def");
    document.setSecret("code-server-2", "v1:abc:ghi");
    document.setEncryptionSalt("v1:salt");
    const text = document.toString();
    expect(text).toContain(`  doom-coding:secrets:
    code-server-1:
      secure: v1:abc:def
    code-server-2:
      secure: v1:abc:ghi
`);
    expect(parseStackFile(Buffer.from(text), "x").encryptionSalt).toBe("v1:salt");
    const again = new StackDocument(text);
    again.setEncryptionSalt("v1:another");
    expect(again.toString()).toBe(text);
  });

  test("is begun when there is none", () => {
    const document = new StackDocument();
    document.setSettings(flatten({ schemaVersion: 1, b: { c: true } }), NONE);
    expect(document.toString()).toBe(`# yaml-language-server: $schema=./config/stack.schema.json
config:
  doom-coding:environment:
    schemaVersion: 1
    b:
      c: true
`);
  });
});

import { argon2Verify } from "hash-wasm";
import { describe, expect, test } from "vitest";
import { runOperation } from "../test/support/operation";
import { scratchFolders } from "../test/support/scratch";
import { generatePassword } from "./secretGenerate";

const scratch = scratchFolders();

describe("a generated password", () => {
  test("has 192 bits in characters that nothing needs to quote, another one each time", async () => {
    const made = await Promise.all([generatePassword(), generatePassword(), generatePassword()]);
    for (const { password } of made) expect(password).toMatch(/^[A-Za-z0-9_-]{32}$/);
    expect(new Set(made.map(({ password }) => password)).size).toBe(3);
  });

  test("comes with an Argon2id hash that verifies it and nothing else", async () => {
    const { password, hash } = await generatePassword();
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
    expect(await argon2Verify({ password, hash })).toBe(true);
    expect(await argon2Verify({ password: `${password}x`, hash })).toBe(false);
  });
});

describe("a given password", () => {
  test.each([
    "Tr0ub4dor&3",
    "two words",
    "p\u00e4ssw\u00f6rter",
    "$HOME `id` \"'\\",
    "\u{1f511}".repeat(8),
  ])("%j is kept, and its hash verifies it", async (given) => {
    const { password, hash } = await generatePassword(given);
    expect(password).toBe(given);
    expect(await argon2Verify({ password: given, hash })).toBe(true);
  });

  test("has another salt each time, so that two environments never share a hash", async () => {
    const [first, second] = [
      await generatePassword("same password"),
      await generatePassword("same password"),
    ];
    expect(first.hash).not.toBe(second.hash);
  });

  test.each([
    ["", "is empty or blank: nobody could log in, or everybody"],
    ["canary-password\n", "begins or ends with white space, which the login page cuts off"],
    ["canary", "is shorter than 8 characters"],
    ["change-me-canary", "is a placeholder"],
    [
      "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$canary",
      "is a hash; set the password itself, only its hash reaches the editor",
    ],
  ])("%j is refused, without repeating it", async (given, problem) => {
    const error = await generatePassword(given).catch((thrown: Error) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).message).toBe(`the given password ${problem}`);
  });
});

describe("as a command", () => {
  test("prints one JSON document and nothing else", async () => {
    const { status, stdout, stderr } = runOperation("secretGenerate", scratch(), {
      DOOM_GIVEN_PASSWORD: "canary p\u00e4ssword",
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const { password, hash, ...rest } = JSON.parse(stdout) as Record<string, string>;
    expect({ password, rest }).toEqual({ password: "canary p\u00e4ssword", rest: {} });
    expect(await argon2Verify({ password: "canary p\u00e4ssword", hash: hash as string })).toBe(
      true,
    );
  });

  test("makes one when none is given", () => {
    const { status, stdout } = runOperation("secretGenerate", scratch(), {});
    expect(status).toBe(0);
    expect(JSON.parse(stdout).password).toMatch(/^[A-Za-z0-9_-]{32}$/);
  });

  test("fails for one that cannot be used, and prints no part of it", () => {
    const { status, stdout, stderr } = runOperation("secretGenerate", scratch(), {
      DOOM_GIVEN_PASSWORD: " canary-password",
    });
    expect({ status, stdout, stderr }).toEqual({
      status: 1,
      stdout: "",
      stderr:
        "cannot make a password: the given password begins or ends with white space, which the login page cuts off\n",
    });
  });
});

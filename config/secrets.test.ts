import { describe, expect, test } from "vitest";
import { ConfigError } from "./errors";
import { parseSecrets, passwordName, passwordProblem } from "./secrets";

/** What is refused, with the messages, is in badInputs.test.ts. */

describe("a password that people choose is fine", () => {
  test.each([
    "Tr0ub4dor&3",
    "correct horse battery staple",
    "p\u00e4ssw\u00f6rter",
    "$HOME `id` \"'\\ #{} %s",
    "\u{1f511}".repeat(8),
    "c".repeat(1024),
    "v1: not ciphertext",
    "0123456789abcdef".repeat(4).slice(1),
    "passwords are hard",
    "my secret garden",
    "key: value",
    "- list item",
    "--option",
  ])("%j", (password) => expect(passwordProblem(password)).toBeUndefined());
});

describe("the limits lie exactly at", () => {
  test.each([
    ["8 characters", "abcdefgh", "abcdefg"],
    ["1024 bytes", "\u00e4".repeat(512), `${"\u00e4".repeat(512)}x`],
  ])("%s", (_limit, inside, beyond) => {
    expect(passwordProblem(inside)).toBeUndefined();
    expect(passwordProblem(beyond)).toMatch(/^is (shorter|1025 bytes)/);
  });
});

describe("the secrets of an environment", () => {
  test("are none when nothing is set, encrypted or not", () => {
    expect(parseSecrets(undefined, false, 3)).toEqual(new Map());
    expect(parseSecrets({}, false, 3)).toEqual(new Map());
  });

  test("come by name, for some of the editors or all", () => {
    const value = { "code-server-3": "canary three", "code-server-1": "canary one" };
    expect(parseSecrets(value, true, 3)).toEqual(new Map(Object.entries(value)));
  });

  test("no error repeats a value or keeps it in a field", () => {
    const value = { "code-server-1": "canary\n", "code-server-9": "canary-nine" };
    let thrown: unknown;
    try {
      parseSecrets(value, false, 1);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ConfigError);
    const { message, stack, problems } = thrown as ConfigError;
    expect(problems).toHaveLength(3);
    expect(JSON.stringify([message, stack, problems, { ...(thrown as object) }])).not.toContain(
      "canary",
    );
  });
});

test("passwords are named after their editors", () => {
  expect(passwordName(12)).toBe("code-server-12");
});

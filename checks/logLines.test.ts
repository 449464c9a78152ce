import { describe, expect, test } from "vitest";
import { showableLines } from "./logLines";

const SECRET = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA";
const HIDDEN = "(a line that looks like a secret, not shown)";

test("the last lines are shown, without empty ones and escape sequences", () => {
  const log = "one\n\n\u001b[31mtwo\u001b[0m\r\nthree  \n";
  expect(showableLines(log, [], 2)).toEqual(["two", "three"]);
  expect(showableLines("", [], 2)).toEqual([]);
});

test("a long line is cut", () => {
  expect(showableLines("x".repeat(5000), [], 5)[0]).toHaveLength(301);
});

describe("a line is not shown", () => {
  test.each([
    ["the secret", SECRET],
    ["the secret in a URL", encodeURIComponent(SECRET)],
    ["the secret in base64", Buffer.from(SECRET).toString("base64")],
    ["the secret in hex", Buffer.from(SECRET).toString("hex")],
  ])("that holds %s", (_title, text) => {
    expect(showableLines(`before ${text} after`, [SECRET], 5)).toEqual([HIDDEN]);
  });

  test("that holds a secret with signs that JSON escapes", () => {
    const secret = 'pass"word\\1';
    expect(showableLines(`{"p":${JSON.stringify(secret)}}`, [secret], 5)).toEqual([HIDDEN]);
  });

  test.each([
    "PASSWORD=hunter2",
    'started with {"password":"hunter2"}',
    "token: abcdef",
    "key is sk-ant-api03-0123456789abcdefghij",
  ])("that looks like one nobody named: %s", (line) => {
    expect(showableLines(line, [], 5)).toEqual([HIDDEN]);
  });
});

test.each([
  "[info] Using config file /dev/fd/3",
  "  - Using password from /dev/fd/3",
  "HTTP server listening on http://0.0.0.0:8443/",
  "password: /run/secrets/hashed-password",
])("an ordinary line is shown: %s", (line) => {
  expect(showableLines(line, [SECRET], 5)).toEqual([line]);
});

import { describe, expect, it } from "vitest";
import { ConfigError } from "../config/errors";
import { parseStackFile } from "./stackFile";

const bytes = (text: string) => new TextEncoder().encode(text);
const parse = (text: string) => parseStackFile(bytes(text), "Pulumi.dev.yaml");

function problemsOf(input: string | Uint8Array): readonly string[] {
  try {
    parseStackFile(typeof input === "string" ? bytes(input) : input, "Pulumi.dev.yaml");
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  throw new Error("no error");
}

describe("parseStackFile", () => {
  it("gives the environment and what Pulumi keeps beside it", () => {
    const text = [
      "# yaml-language-server: $schema=config/environment.schema.json",
      "encryptionsalt: v1:abc=:v1:def:ghi",
      "config:",
      "  doom-coding:environment:",
      "    access: {tier: local, port: 8443}",
      "    logLevel: debug",
      "  doom-coding:secrets:",
      "    code-server-1:",
      "      secure: v1:xyz",
      "  doom-coding:rotations: {certificate: 1}",
      "  other:list: [{secure: v1:uvw}]",
      "  pulumi:tags: {a: b}",
    ].join("\n");
    expect(parse(text)).toEqual({
      environment: { access: { tier: "local", port: 8443 }, logLevel: "debug" },
      rotations: { certificate: 1 },
      ciphertexts: new Map([
        ["doom-coding:secrets.code-server-1", "v1:xyz"],
        ["other:list[0]", "v1:uvw"],
      ]),
      encryptionSalt: "v1:abc=:v1:def:ghi",
    });
  });

  it("takes an empty file for one that sets nothing", () => {
    expect(parse("")).toEqual({ environment: undefined, ciphertexts: new Map() });
  });

  it("accepts quoted words and numbers that would be ambiguous without quotes", () => {
    const text = 'config:\n  doom-coding:environment: {variables: {A: "no", B: "010"}}\n';
    expect(parse(text).environment).toEqual({ variables: { A: "no", B: "010" } });
  });

  it("keeps the name of a secrets provider other than the passphrase", () => {
    expect(parse("secretsprovider: awskms://key").secretsProvider).toBe("awskms://key");
  });

  it.each([
    [
      "a key twice",
      "config:\n  doom-coding:environment:\n    logLevel: debug\n    logLevel: info\n",
      ["Pulumi.dev.yaml:4:5: the key stands twice; only one can count"],
    ],
    [
      "a tab",
      "config:\n\tdoom-coding:environment: {}\n",
      ["Pulumi.dev.yaml:2:1: a tab in the indentation; use spaces"],
    ],
    [
      "an octal number",
      "config:\n  doom-coding:environment:\n    instances: 010\n",
      [
        "Pulumi.dev.yaml:3:16: 010: write it as a plain decimal number, or in quotes when text is meant (YAML parsers disagree on it)",
      ],
    ],
    [
      "no for false",
      "config:\n  doom-coding:environment:\n    claude: {enabled: no}\n",
      ["Pulumi.dev.yaml:3:23: no: write true or false, or put it in quotes when text is meant"],
    ],
    [
      "unknown keys on both levels",
      "confg: {}\nconfig:\n  doom-coding:enviroment: {}\n",
      [
        "Pulumi.dev.yaml: unknown key confg; known: config, encryptionsalt, encryptedkey, secretsprovider, environment",
        "Pulumi.dev.yaml: unknown key doom-coding:enviroment; known: doom-coding:environment, doom-coding:secrets, doom-coding:rotations",
      ],
    ],
    ["a list for a file", "- a\n", ["Pulumi.dev.yaml: must be a map with the key config"]],
    ["a list for config", "config: [a]\n", ["Pulumi.dev.yaml: config must be a map of keys"]],
  ])("refuses %s", (_name, text, problems) => {
    expect(problemsOf(text)).toEqual(problems);
  });

  it.each(["0x50", "0o17", "0b1", "1_000", "-07", "Yes", "OFF", "y"])(
    "refuses the plain scalar %s",
    (scalar) => {
      const text = `config:\n  doom-coding:environment:\n    instances: ${scalar}\n`;
      expect(problemsOf(text)[0]).toMatch(`Pulumi.dev.yaml:3:16: ${scalar}: write `);
    },
  );

  it.each(["0", "10", "0.5", "-1", "4.139.1", "10.87.1.0/24", "none", "offline"])(
    "takes the plain scalar %s",
    (scalar) => {
      expect(parse(`config:\n  doom-coding:environment: {a: ${scalar}}\n`)).toBeDefined();
    },
  );

  it("refuses a byte order mark and other encodings", () => {
    expect(problemsOf(new Uint8Array([0xef, 0xbb, 0xbf, 0x61]))).toEqual([
      "Pulumi.dev.yaml:1:1: begins with a byte order mark; save it as UTF-8 without one",
    ]);
    expect(problemsOf(new Uint8Array([0x61, 0xff, 0xfe]))).toEqual([
      "Pulumi.dev.yaml: is not UTF-8 text",
    ]);
  });

  it("says where broken YAML breaks", () => {
    expect(problemsOf("config:\n  a: [1, 2\n")[0]).toMatch(/^Pulumi\.dev\.yaml:\d+:\d+: /);
    expect(problemsOf("a: 1\n---\nb: 2\n")[0]).toMatch(/^Pulumi\.dev\.yaml:\d+:\d+: /);
  });

  it("refuses a secret in plain text without repeating it", () => {
    const text = 'config:\n  doom-coding:secrets:\n    code-server-1: "hunter2hunter2"\n';
    const problems = problemsOf(text);
    expect(problems[0]).toMatch("doom-coding:secrets.code-server-1 stands in plain text");
    expect(problems.join()).not.toContain("hunter2");
  });
});

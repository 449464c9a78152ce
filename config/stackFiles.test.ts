import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { type Cidr, overlaps, parseCidrLoosely } from "../checks/cidr";
import { type EnvironmentConfig, parseEnvironment } from "./schema";

/** The stack files that the repository carries; the table is that of the test plan. */

const STACKS = ["dev", "staging", "prod"];

/** As git holds it: `npm start` puts a salt into the file, and its user edits it. */
function readStackFile(stack: string): string {
  const file = `Pulumi.${stack}.yaml`;
  if (!existsSync(".git")) return readFileSync(file, "utf8");
  return execFileSync("git", ["show", `:${file}`], { encoding: "utf8" });
}

function environmentOf(stack: string): EnvironmentConfig {
  return parseEnvironment(parse(readStackFile(stack)).config["doom-coding:environment"]);
}

describe("the environment table", () => {
  test.each([
    ["dev", 0.5, 512, 2048, "debug", { tier: "local", port: 8443 }],
    ["staging", 1, 1024, 5120, "info", { tier: "limited", port: 8444 }],
    ["prod", 2, 2048, 10_240, "info", { tier: "full", port: 8445, bindAddress: "127.0.0.1" }],
  ])("%s", (stack, cpus, memory, storage, logLevel, access) => {
    expect(environmentOf(stack)).toMatchObject({
      instances: 1,
      resources: { cpus, memory, storage },
      logLevel,
      access,
      user: { puid: 1000, pgid: 1000 },
      timeZone: "UTC",
      tailscale: { enabled: false },
      claude: { enabled: false },
    });
  });

  test("what is not named is the default: no editor may talk to the outside", () => {
    for (const stack of STACKS)
      expect(environmentOf(stack).network.egress).toEqual(["claude", "tailscale"]);
  });
});

describe("side by side on one host", () => {
  test("the ports differ", () => {
    const ports = STACKS.map((stack) => environmentOf(stack).access.port);
    expect(new Set(ports).size).toBe(STACKS.length);
  });

  test("the address ranges are disjoint", () => {
    const ranges = STACKS.map(
      (stack) => parseCidrLoosely(environmentOf(stack).network.cidr) as Cidr,
    );
    const overlapping = ranges.flatMap((range, position) =>
      ranges.slice(position + 1).filter((other) => overlaps(range, other)),
    );
    expect(overlapping).toEqual([]);
  });
});

describe.each(STACKS)("Pulumi.%s.yaml", (stack) => {
  test("names the JSON Schema in its first line, for editors", () => {
    const [first] = readStackFile(stack).split("\n");
    expect(first).toBe("# yaml-language-server: $schema=./config/stack.schema.json");
    expect(existsSync("config/stack.schema.json")).toBe(true);
  });

  test("holds nothing but the environment: no salt, no ciphertext", () => {
    const content = parse(readStackFile(stack));
    expect(Object.keys(content)).toEqual(["config"]);
    expect(Object.keys(content.config)).toEqual(["doom-coding:environment"]);
  });
});

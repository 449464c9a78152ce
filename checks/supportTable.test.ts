import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { SCHEMA_VERSION } from "../config/schemaVersion";
import { type Combination, supportProblems } from "./support";
import { type Part, SUPPORT } from "./supportTable";
import { compareVersions, isInRange, isVersion } from "./versionOrder";

const read = (file: string) => readFileSync(path.resolve(__dirname, "..", file), "utf8");
const versions = JSON.parse(read("toolchain/versions.json"));
const manifest = JSON.parse(read("package.json"));

/** The default of an `ARG` in the code-server image. */
function buildDefault(name: string): string {
  const found = new RegExp(`^ARG ${name}=(.+)$`, "m").exec(read("images/code-server/Dockerfile"));
  return found?.[1] ?? `no ARG ${name}`;
}

/** Every version that this project pins, where it pins it. */
const PINS: Combination = {
  "code-server": buildDefault("CODE_SERVER_VERSION"),
  "image-node": buildDefault("NODE_VERSION"),
  "docker-api": versions.dockerApiMinimum,
  pulumi: versions.pulumi,
  "pulumi-sdk": manifest.dependencies["@pulumi/pulumi"],
  "policy-sdk": manifest.dependencies["@pulumi/policy"],
  "docker-plugin": versions.plugins.docker,
  "command-plugin": versions.plugins.command,
  schema: String(SCHEMA_VERSION),
};

describe("what this project pins", () => {
  test("works together, by the table", () => {
    expect(supportProblems(PINS)).toEqual([]);
  });

  test.each(Object.keys(PINS) as Part[])("and a half-done change of %s is seen", (part) => {
    expect(supportProblems({ ...PINS, [part]: "99.0.0" })).not.toEqual([]);
  });

  test("is the same where it is said twice", () => {
    expect(manifest.dependencies.pulumi).toBe(versions.pulumi);
    expect(manifest.dependencies["@pulumi/docker"]).toBe(versions.plugins.docker);
    expect(manifest.dependencies["@pulumi/command"]).toBe(versions.plugins.command);
    const { requiredPulumiVersion } = parse(read("Pulumi.yaml"));
    expect(SUPPORT.pulumi.versions).toEqual([{ version: requiredPulumiVersion }]);
  });

  test("has nothing older than the lowest Docker API that the set-up accepts", () => {
    const [{ version: range } = { version: "" }] = SUPPORT["docker-api"].versions;
    const [major, minor] = versions.dockerApiMinimum.split(".").map(Number);
    expect(isInRange(versions.dockerApiMinimum, range)).toBe(true);
    expect(isInRange(`${major}.${minor - 1}`, range)).toBe(false);
  });

  test("is what the stack files ask for", () => {
    const files = readdirSync(path.resolve(__dirname, ".."))
      .filter((file) => /^Pulumi\.\w+\.yaml$/.test(file))
      .map(read);
    expect(files.length).toBeGreaterThanOrEqual(3);
    for (const file of files) {
      const { image } = parse(file).config["doom-coding:environment"];
      expect(supportProblems({ "code-server": image.version })).toEqual([]);
    }
  });
});

test.each(Object.entries(SUPPORT))("the versions of %s stand in order, each once", (_, part) => {
  const single = part.versions.map(({ version }) => version).filter(isVersion);
  expect(single).toEqual([...new Set(single)].sort(compareVersions));
  expect(part.versions.length).toBeGreaterThan(0);
});

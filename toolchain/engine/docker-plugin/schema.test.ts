import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { differences, type PackageSchema, schemaShapes, sdkShapes } from "../sdkTypes";
import { ALLOWED_DIFFERENCES } from "./allowedDifferences";

const sdk = join(__dirname, "../../../node_modules/@pulumi/docker");
const declared = sdkShapes(sdk, join(sdk, "types"));

/** A fresh copy each time, so that a test may damage it. */
function committedSchema(): PackageSchema {
  return JSON.parse(readFileSync(join(__dirname, "docker.schema"), "utf8"));
}

function differencesAfter(change: (schema: PackageSchema) => void): string[] {
  const schema = committedSchema();
  change(schema);
  const found = differences(declared, schemaShapes(schema));
  return found.filter((line) => !ALLOWED_DIFFERENCES.has(line));
}

describe("the schema of the docker plugin against @pulumi/docker", () => {
  it("has every resource, function, property and type of the SDK, but those that are listed", () => {
    const found = differences(declared, schemaShapes(committedSchema()));
    expect(found).toEqual([...ALLOWED_DIFFERENCES.keys()].sort());
    // So that reading nothing does not count as agreement.
    expect(declared.size).toBeGreaterThan(150);
  });

  it("has the tokens that the SDK registers", () => {
    const schema = committedSchema();
    const tokens = [...Object.keys(schema.resources), ...Object.keys(schema.functions ?? {})];
    const module = (token: string) => token.split("/").at(1)?.split(":").at(0) ?? "";
    for (const token of tokens.filter((each) => each.startsWith("docker:"))) {
      const source = readFileSync(join(sdk, `${module(token)}.js`), "utf8");
      expect(source.replaceAll("'", '"').includes(`"${token}"`), token).toBe(true);
    }
  });

  const container = "docker:index/container:Container";
  const port = "docker:index/ContainerPort:ContainerPort";
  it.each<[string, (schema: PackageSchema) => void, string[]]>([
    [
      "a missing resource",
      (schema) => delete schema.resources["docker:index/tag:Tag"],
      ["Tag: only in the SDK", "TagArgs: only in the SDK"],
    ],
    [
      "a property under another name",
      (schema) => {
        const inputs = schema.resources[container]?.inputProperties ?? {};
        inputs.commands = inputs.command ?? {};
        delete inputs.command;
      },
      [
        "ContainerArgs.command: SDK string[]?, plugin none",
        "ContainerArgs.commands: SDK none, plugin string[]?",
      ],
    ],
    [
      "an input that became required",
      (schema) => schema.resources[container]?.requiredInputs?.push("hostname"),
      ["ContainerArgs.hostname: SDK string?, plugin string"],
    ],
    [
      "a nested property of another type",
      (schema) =>
        Object.assign(schema.types?.[port]?.properties ?? {}, { ip: { type: "integer" } }),
      [
        "inputs.ContainerPort.ip: SDK string?, plugin number?",
        "outputs.ContainerPort.ip: SDK string?, plugin number?",
      ],
    ],
  ])("reports %s", (_, change, expected) => {
    expect(differencesAfter(change)).toEqual(expected);
  });
});

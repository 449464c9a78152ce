import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { checkStackFile } from "./stackFileCheck";

const OLD = "config:\n  doom-coding:environment:\n    schemaVersion: 0\n    TZ: UTC # mine\n";

test.each(["dev", "staging", "prod"])("takes the tracked file of %s", (stack) => {
  expect(checkStackFile(readFileSync(`Pulumi.${stack}.yaml`), stack)).toEqual({
    file: `Pulumi.${stack}.yaml`,
    schema: "schema 1",
    chain: ["env 1", "env 2", "env 3", "env 4", "schema 0", "schema 1"],
  });
});

test.each([
  [
    "an older schema",
    OLD,
    "Invalid configuration: doom-coding:environment: has schemaVersion 0; run `npx doom migrate config dev`",
  ],
  [
    "a newer schema",
    OLD.replace("0", "7"),
    "schema 7 is none of env 1, env 2, env 3, env 4, schema 0, schema 1",
  ],
  [
    "no schema",
    "config: {}\n",
    "schema NaN is none of env 1, env 2, env 3, env 4, schema 0, schema 1",
  ],
  [
    "a file that two readers would read in two ways",
    OLD.replace("0", "01"),
    "Invalid configuration: Pulumi.dev.yaml:3:20: 01: write it as a plain decimal number, or in quotes when text is meant (YAML parsers disagree on it)",
  ],
])("refuses %s", (_title, text, message) => {
  expect(() => checkStackFile(Buffer.from(text), "dev")).toThrow(
    expect.objectContaining({ message }),
  );
});

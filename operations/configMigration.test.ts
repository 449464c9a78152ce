import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { installerEnvs } from "../test/support/installerEnvs";
import { runOperation } from "../test/support/operation";
import { scratchFolders } from "../test/support/scratch";
import { runConfigMigration } from "./configMigration";

/** The program as such; what its actions do is tested beside each of them. */

const scratch = scratchFolders();

test("prints one JSON document and nothing else", () => {
  const environment = { DOOM_STACK: "dev" };
  const { status, stdout, stderr } = runOperation("configMigration", scratch(), environment, [
    "check",
  ]);
  expect([status, stderr]).toEqual([0, ""]);
  expect(stdout).toBe(
    '{"file":"Pulumi.dev.yaml","schema":"schema 1","chain":["env 1","env 2","env 3","env 4","schema 0","schema 1"]}\n',
  );
}, 30_000);

describe("the actions", () => {
  test("check refuses a stack that has no name, or no file", async () => {
    await expect(runConfigMigration(["check"], {})).rejects.toThrow("DOOM_STACK is not set");
    await expect(runConfigMigration(["check"], { DOOM_STACK: "nowhere" })).rejects.toThrow(
      "Pulumi.nowhere.yaml",
    );
  });

  test("env tells what it did, and nothing secret", async () => {
    const file = path.join(scratch(), ".env");
    const { text, password } = installerEnvs[0] as (typeof installerEnvs)[0];
    writeFileSync(file, text);
    const document = await runConfigMigration(["env", file], {});
    expect(document).toMatchObject({
      file,
      changed: true,
      backup: `${file}.bak`,
      steps: [
        { from: "env 1", to: "env 2", title: "a time zone and a key for Claude Code" },
        {},
        {},
      ],
    });
    expect(JSON.stringify(document)).not.toContain(password);
  });

  test("stack tells what it would do", async () => {
    const document = await runConfigMigration(["stack", "dev", "--dry-run"], {});
    expect(document).toEqual({
      file: path.resolve("Pulumi.dev.yaml"),
      changed: false,
      steps: [],
      keys: [],
    });
  });

  test.each([[[]], [["stack"]], [["env"]], [["other", "x"]]])(
    "says what is allowed instead of %j",
    async (args) => {
      await expect(runConfigMigration(args, {})).rejects.toThrow(
        "allowed: check; stack NAME [--from FILE]; env FILE; --dry-run with the last two",
      );
    },
  );
});

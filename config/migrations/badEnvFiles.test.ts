import { expect, test } from "vitest";
import { badEnvFiles, goodEnvFile } from "../../test/support/badInputs/envFiles";
import { ConfigError } from "../errors";
import { upgradeEnv } from "./envUpgrade";
import { type ConfigurationPlan, planConfiguration } from "./plan";

const named = (text: string) => ({ name: "old.env", bytes: new TextEncoder().encode(text) });

function plan(text: string): ConfigurationPlan {
  return planConfiguration({ stackFile: undefined, env: named(text), freeRange: (range) => range });
}

function problemsOf(action: () => unknown): readonly string[] {
  try {
    action();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  throw new Error("no error");
}

test.each(badEnvFiles)("%s is refused by file, line and name", (_given, text, problems) => {
  expect(problemsOf(() => plan(text))).toEqual(problems);
  expect(problemsOf(() => upgradeEnv(named(text)))).toEqual(problems);
  expect(problems.join()).not.toContain("hunter2");
});

test("the same without the fault is taken", () => {
  expect(plan(goodEnvFile).secrets).toEqual(new Map([["code-server-1", "canary-hunter2"]]));
});

test("unknown keys are told, and one that may be part of a key without its name", () => {
  const { keys } = plan(`${goodEnvFile}MINE=hunter2\nc2VjcmV0Q2FuYXJ5=\n`);
  const reason = "unknown: no compose file of the installer read it";
  expect(keys.filter(({ outcome }) => outcome === "notCarried")).toEqual([
    { outcome: "notCarried", key: "MINE", reason },
    { outcome: "notCarried", key: "a name that does not look like one (not shown)", reason },
  ]);
  const { keys: upgraded } = upgradeEnv(named(`${goodEnvFile}c2VjcmV0Q2FuYXJ5=\n`));
  expect(JSON.stringify(upgraded)).not.toContain("c2Vjc");
});

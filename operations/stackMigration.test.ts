import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { installerEnvs } from "../test/support/installerEnvs";
import { scratchFolders } from "../test/support/scratch";
import type { Project } from "./project";
import { checkStackFile } from "./stackFileCheck";
import { carryOut, planStackMigration, type Surroundings } from "./stackMigration";

/** What needs no engine; that a password becomes ciphertext is in test/stack/configMigration.test.ts. */

const scratch = scratchFolders();
const OLD = "config:\n  doom-coding:environment:\n    schemaVersion: 0\n    TZ: UTC # mine\n";
const noStack: Surroundings = {
  createStack: async () => {
    throw new Error("no stack was made");
  },
  watch: () => {},
};
let project: Project;
let file: string;
let env: string;

beforeEach(() => {
  const root = scratch();
  mkdirSync(path.join(root, ".state"));
  project = { root, name: "doom-coding", stateFolder: path.join(root, ".state") };
  file = path.join(root, "Pulumi.box.yaml");
  env = path.join(root, "old.env");
  writeFileSync(env, installerEnvs[0]?.text as string);
});

const read = (name = file) => readFileSync(name, "utf8");
const migrate = (from?: string) =>
  carryOut(project, planStackMigration(project, "box", from), noStack);

describe("a file of schema 0", () => {
  beforeEach(() => writeFileSync(file, OLD));

  test("becomes current, once, and passes the check of its stack then", async () => {
    chmodSync(file, 0o640);
    expect(await migrate()).toBe(`${file}.bak`);
    const after = read();
    expect(after).toContain("timeZone: UTC # mine");
    expect([(lstatSync(file).mode & 0o777).toString(8), read(`${file}.bak`)]).toEqual(["640", OLD]);
    expect(planStackMigration(project, "box")).toMatchObject({
      changes: false,
      plan: { steps: [], keys: [] },
    });
    expect(checkStackFile(readFileSync(file), "box").schema).toBe("schema 1");
  });

  test("is only read by a plan", () => {
    expect(planStackMigration(project, "box").changes).toBe(true);
    expect([read(), readdirSync(project.root).sort()]).toEqual([
      OLD,
      [".state", "Pulumi.box.yaml", "old.env"],
    ]);
  });

  test("gets an address range that no other stack claims", () => {
    writeFileSync(
      path.join(project.root, "Pulumi.a.yaml"),
      "config:\n  doom-coding:environment: {network: {cidr: 10.87.0.0/23}}\n",
    );
    expect(planStackMigration(project, "box").plan.keys).toContainEqual({
      outcome: "added",
      key: "network.cidr",
      value: "10.87.2.0/24",
      reason: "a stack needs it",
    });
  });

  test("is as it was when its stack cannot be made", async () => {
    await expect(migrate(env)).rejects.toThrow("no stack was made");
    expect([read(), readdirSync(project.root).sort()]).toEqual([
      OLD,
      [".state", "Pulumi.box.yaml", "old.env"],
    ]);
  });

  test("that was changed after the plan is left alone", async () => {
    const plan = planStackMigration(project, "box");
    writeFileSync(file, `${OLD}# by somebody else\n`);
    await expect(carryOut(project, plan, noStack)).rejects.toThrow("was changed meanwhile");
    expect(read()).toBe(`${OLD}# by somebody else\n`);
  });
});

describe("a stack without a file", () => {
  test("needs an .env to begin with", () => {
    expect(() => planStackMigration(project, "box")).toThrow(
      "There is no stack box: Pulumi.box.yaml does not exist.",
    );
  });

  test("is not begun under a bad name", () => {
    expect(() => planStackMigration(project, "../box", env)).toThrow(
      'stack name: got "../box"; allowed:',
    );
  });

  test("gets its file before it is made, and loses it when that fails", async () => {
    let seen = "";
    const failing = carryOut(project, planStackMigration(project, "box", env), {
      ...noStack,
      createStack: async () => {
        seen = read();
        throw new Error("no stack was made");
      },
    });
    await expect(failing).rejects.toThrow("no stack was made");
    expect(seen).toContain("puid: 1000");
    expect(seen).not.toContain("old-password");
    expect(readdirSync(project.root).sort()).toEqual([".state", "old.env"]);
  });
});

test("a file that Pulumi cannot read either is refused with its place", () => {
  writeFileSync(file, "config:\n\tx: 1\n");
  expect(() => planStackMigration(project, "box", env)).toThrow(
    "Pulumi.box.yaml:2:1: a tab in the indentation; use spaces",
  );
});

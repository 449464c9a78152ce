import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findProject, listStacks, readStackFile } from "./project";

let root: string;
const write = (name: string, text: string) => writeFileSync(join(root, name), text);

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "doom-project-"));
  write("Pulumi.yaml", "name: doom-coding\nbackend:\n  url: file://./.state\n");
  write("Pulumi.dev.yaml", "config: {doom-coding:environment: {instances: 2}}\n");
  write("Pulumi.prod.yaml", "");
});
afterEach(() => rmSync(root, { recursive: true }));

describe("findProject", () => {
  it("finds the nearest Pulumi.yaml upwards and its state", () => {
    mkdirSync(join(root, "a/b"), { recursive: true });
    const expected = { root, name: "doom-coding", stateFolder: join(root, ".state") };
    expect(findProject(join(root, "a/b"), {})).toEqual(expected);
  });

  it.each([
    ["file:///var/state", "/var/state"],
    ["file://~", homedir()],
    ["file://~/s?create_dir=true", join(homedir(), "s")],
  ])("follows PULUMI_BACKEND_URL=%s", (url, folder) => {
    expect(findProject(root, { PULUMI_BACKEND_URL: url }).stateFolder).toBe(folder);
  });

  it("refuses a backend that is not made of files", () => {
    expect(() => findProject(root, { PULUMI_BACKEND_URL: "s3://bucket" })).toThrow(
      "doom keeps its state in files, not in s3://bucket.",
    );
  });

  it("says where to run it when there is no project", () => {
    expect(() => findProject("/", {})).toThrow("No Pulumi.yaml in / or above it.");
  });
});

describe("stacks of a project", () => {
  it("lists the stack files, not Pulumi.yaml", () => {
    expect(listStacks(findProject(root, {}))).toEqual(["dev", "prod"]);
  });

  it("reads one", () => {
    expect(readStackFile(findProject(root, {}), "dev").environment).toEqual({ instances: 2 });
  });

  it("lists the known ones for an unknown one", () => {
    expect(() => readStackFile(findProject(root, {}), "staging")).toThrow(
      "There is no stack staging: Pulumi.staging.yaml does not exist.\nFix: the stacks of this project are dev, prod",
    );
  });

  it.each(["../dev", "Dev", "dev ", "", "-rf", "__proto__"])("refuses the name %j", (name) => {
    expect(() => readStackFile(findProject(root, {}), name)).toThrow("stack name: got");
  });

  it("says that a file is a folder", () => {
    mkdirSync(join(root, "Pulumi.odd.yaml"));
    expect(() => readStackFile(findProject(root, {}), "odd")).toThrow("cannot be read (EISDIR)");
  });
});

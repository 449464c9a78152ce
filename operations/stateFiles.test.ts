import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Project } from "./project";
import { readState, recordedRuns, stateFolderProblem, statePath } from "./stateFiles";

let project: Project;
const good = (stack = "dev") =>
  JSON.stringify({ version: 3, checkpoint: { stack: `organization/doom-coding/${stack}` } });

function put(path: string, text: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

beforeEach(() => {
  const root = mkdtempSync(join(tmpdir(), "doom-state-"));
  project = { root, name: "doom-coding", stateFolder: join(root, ".state") };
});
afterEach(() => rmSync(project.root, { recursive: true }));

describe("readState", () => {
  const path = () => statePath(project, "dev");

  it("tells a stack that was never created from an empty one", () => {
    expect(readState(project, "dev")).toBeUndefined();
    put(path(), good());
    expect(readState(project, "dev")?.checkpoint).toEqual({ resources: [], pending: [] });
  });

  it("refuses a truncated state and names the copy to restore", () => {
    put(path(), good().slice(0, 20));
    put(`${path()}.bak`, good());
    expect(() => readState(project, "dev")).toThrow(
      `The state of dev, ${path()}, is damaged: it is cut off or altered: not JSON.\n` +
        "  - nothing was changed; the containers and volumes go on as they are\n" +
        `Fix: restore the last good copy: cp ${path()}.bak ${path()}`,
    );
  });

  it("passes over a copy that is damaged too and takes the newest good backup", () => {
    put(path(), "");
    put(`${path()}.bak`, "{");
    const folder = join(project.stateFolder, ".pulumi/backups/doom-coding/dev");
    put(join(folder, "dev.1790000000000000001.json"), good());
    const newest = put(join(folder, "dev.1790000000000000002.json"), good());
    expect(() => readState(project, "dev")).toThrow(`cp ${newest} ${path()}`);
  });

  it("says when no copy can be used", () => {
    put(path(), "");
    put(`${path()}.bak`, good("prod"));
    expect(() => readState(project, "dev")).toThrow("no usable copy of it is left");
  });

  it("does not take compressed state for none", () => {
    put(`${path()}.gz`, "");
    expect(() => readState(project, "dev")).toThrow("doom does not read compressed state");
  });
});

describe("recordedRuns", () => {
  const folder = () => join(project.stateFolder, ".pulumi/history/doom-coding/dev");

  it("gives the times of each run in milliseconds and skips what proves nothing", () => {
    expect(recordedRuns(project, "dev")).toEqual([]);
    const run = '{"kind":"update","startTime":1790000000,"endTime":1790000012,"result":"failed"}';
    put(join(folder(), "dev-1.history.json"), run);
    put(join(folder(), "dev-2.history.json"), run.slice(0, 30));
    put(join(folder(), "dev-3.history.json"), "null");
    put(join(folder(), "dev-1.checkpoint.json"), run);
    expect(recordedRuns(project, "dev")).toEqual([
      { start: 1_790_000_000_000, end: 1_790_000_012_000 },
    ]);
  });
});

describe("stateFolderProblem", () => {
  it("finds nothing wrong with a folder that can be written", () => {
    mkdirSync(project.stateFolder);
    expect(stateFolderProblem(project)).toBeUndefined();
  });

  it("names a folder that is missing", () => {
    expect(stateFolderProblem(project)).toBe(
      `the state folder ${project.stateFolder} does not exist; create it: mkdir ${project.stateFolder}`,
    );
  });

  it("names a file in its place", () => {
    appendFileSync(project.stateFolder, "");
    expect(stateFolderProblem(project)).toMatch("the state folder, is not a folder");
  });
});

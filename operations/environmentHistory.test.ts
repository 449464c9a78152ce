import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { environmentHistories } from "./environmentHistory";
import type { Project } from "./project";
import { recordFolder } from "./snapshotPlaces";

let project: Project;
const drills = () => path.join(recordFolder(project, "dev"), "drills");

beforeEach(() => {
  const root = mkdtempSync(path.join(tmpdir(), "doom-history-"));
  project = { root, name: "doom-coding", stateFolder: path.join(root, ".state") };
  writeFileSync(path.join(root, "Pulumi.dev.yaml"), "config: {}\n");
  mkdirSync(drills(), { recursive: true });
});
afterEach(() => rmSync(project.root, { recursive: true, force: true }));

const drill = { startedAt: "2026-11-01T10:00:00.000Z", seconds: 3, result: "failed", snapshot: {} };

it("takes of each drill what the report shows", () => {
  expect(environmentHistories(project)).toEqual([
    { stack: "dev", upgrades: [], promotions: [], drills: [] },
  ]);
  writeFileSync(path.join(drills(), "1.json"), JSON.stringify(drill));
  expect(environmentHistories(project)[0]?.drills).toEqual([
    { at: drill.startedAt, seconds: 3, result: "failed" },
  ]);
});

it.each([
  ["{", "1.json is cut off or altered: not JSON."],
  [
    JSON.stringify({ ...drill, result: "fine" }),
    "1.json was altered: it is not what a drill writes.",
  ],
])("refuses a damaged one by name: %s", (content, message) => {
  writeFileSync(path.join(drills(), "1.json"), content);
  expect(() => environmentHistories(project)).toThrow(message);
});

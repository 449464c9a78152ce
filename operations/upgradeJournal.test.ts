import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Project } from "./project";
import {
  attemptOf,
  forgetUpgrades,
  isOpen,
  type Journal,
  journalFolder,
  readJournal,
  type Stage,
  writeJournal,
} from "./upgradeJournal";

let project: Project;
beforeAll(() => {
  const root = mkdtempSync(join(tmpdir(), "doom-journal-"));
  project = { root, name: "doom-coding", stateFolder: join(root, ".state") };
});
afterAll(() => rmSync(project.root, { recursive: true, force: true }));

const journal = (stage: Stage, attempt: number): Journal => ({
  journal: 1,
  kind: "upgrade",
  id: "1a2b3c4d",
  stage,
  owner: "",
  attempt,
  to: { id: "sha256:1" },
  copy: "doom-dev-before-upgrade-1-1a2b3c4d",
  startedAt: "2026-11-25T00:15:30.000Z",
  timings: {},
});

it("is read as it was written, by nobody but its owner, and with who wrote it", () => {
  expect(readJournal(project, "dev", "code-server-1")).toBeUndefined();
  writeJournal(project, "dev", "code-server-1", journal("copying", 0));
  const { owner, ...read } = readJournal(project, "dev", "code-server-1") as Journal;
  expect({ ...read, owner: "" }).toEqual(journal("copying", 0));
  expect(JSON.parse(owner).pid).toBe(process.pid);
  const file = join(journalFolder(project, "dev", "code-server-1"), "journal.json");
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

it.each<[Stage, number, number]>([
  ["copying", 0, 1],
  ["passed", 0, 1],
  ["passed", 3, 4],
  ["closed", 0, 0],
  ["closed", 4, 4],
])("at %s after attempt %i, the engine is told %i", (stage, attempt, expected) => {
  writeJournal(project, "dev", "code-server-1", journal(stage, attempt));
  expect(attemptOf(project, "dev", "code-server-1")).toBe(expected);
  expect(isOpen(readJournal(project, "dev", "code-server-1"))).toBe(stage !== "closed");
});

it("that is damaged is named, and never taken for none", () => {
  writeFileSync(join(journalFolder(project, "dev", "code-server-1"), "journal.json"), "{");
  expect(() => attemptOf(project, "dev", "code-server-1")).toThrow("is damaged");
});

it("goes with the data", () => {
  forgetUpgrades(project, "dev");
  expect(attemptOf(project, "dev", "code-server-1")).toBe(0);
});

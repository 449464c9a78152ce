import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { renderRun } from "../report/runRecord";
import { isolationRun, soakRun } from "../test/support/sampleRuns";
import { findProject, type Project } from "./project";
import { keepRun, readRuns } from "./runRecords";

let project: Project;
const folder = () => path.join(project.root, "reports", "runs");
const put = (name: string, content: string) => writeFileSync(path.join(folder(), name), content);

beforeEach(() => {
  const root = mkdtempSync(path.join(tmpdir(), "doom-runs-"));
  project = { root, name: "doom-coding", stateFolder: path.join(root, ".state") };
});
afterEach(() => rmSync(project.root, { recursive: true, force: true }));

describe("records of runs", () => {
  it("are none before the first", () => {
    expect(readRuns(project)).toEqual([]);
  });

  it("are read with all that is damaged, foreign or later refused by name, and none left out", () => {
    mkdirSync(folder(), { recursive: true });
    put("a-good.json", renderRun(isolationRun));
    put("b-draft.json.4711.tmp", "{");
    expect(readRuns(project)).toEqual([isolationRun]);
    put("c-cut.json", "{");
    put("d-foreign.json", '{"name":"doom-coding"}');
    put("e-later.json", '{"run":2}');
    expect(() => readRuns(project)).toThrow(
      [
        "Not every run record can be read, and a report leaves none out.",
        "  - reports/runs/c-cut.json is cut off or altered: not JSON",
        "  - reports/runs/d-foreign.json is no run record: it has no number `run`",
        "  - reports/runs/e-later.json has version 2; this doom reads version 1",
        "Fix: move these files away; they are never written again",
      ].join("\n"),
    );
  });
});

describe("keeping a run", () => {
  beforeEach(() => {
    const checkout = findProject(__dirname, {}).root;
    for (const name of ["node_modules", "package.json", "toolchain"]) {
      symlinkSync(path.join(checkout, name), path.join(project.root, name));
    }
    // Neither engine nor Docker.
    vi.stubEnv("PULUMI_HOME", project.root);
    vi.stubEnv("DOCKER_HOST", `unix://${project.root}/docker.sock`);
  });
  afterEach(() => vi.unstubAllEnvs());

  it("names command, time, machine and versions, and never writes over another one", async () => {
    const { kind, name, seed, count, attempts } = soakRun("upgrade", [2, 0]);
    const result = { kind, name, seed, count, attempts } as const;
    const startedAt = new Date("2026-11-01T10:00:00.000Z");
    const facts = { command: "npm run soak", startedAt, versions: { peer: "1.2" } };
    const files = [await keepRun(project, facts, result), await keepRun(project, facts, result)];
    expect(files[0]).toMatch(/^reports\/runs\/20261101T100000-soak-upgrade-[0-9a-f]{8}\.json$/);
    expect(new Set(files).size).toBe(2);
    expect(statSync(path.join(project.root, files[0] as string)).mode & 0o777).toBe(0o644);
    const [record] = readRuns(project);
    expect(record).toMatchObject({ ...result, run: 1, command: "npm run soak" });
    expect(record?.startedAt).toBe("2026-11-01T10:00:00.000Z");
    expect(Object.keys(record?.versions ?? {}).sort()).toEqual(
      ["@pulumi/command", "@pulumi/docker", "@pulumi/pulumi", "doom-coding", "node", "peer"].sort(),
    );
  });

  it("that the report could not read fails, and leaves nothing", async () => {
    const { kind, name, seed, count } = soakRun("upgrade", [0, 0]);
    const bad = { kind, name, seed, count, attempts: [{ seed: -1 }] } as never;
    const facts = { command: "npm run soak", startedAt: new Date() };
    await expect(keepRun(project, facts, bad)).rejects.toThrow("attempts[0].seed");
    expect(readRuns(project)).toEqual([]);
  });
});

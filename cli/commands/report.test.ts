import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { renderRun } from "../../report/runRecord";
import { SAMPLE_RUNS } from "../../test/support/sampleRuns";
import { report } from "./report";

let root: string;
const at = (...parts: string[]) => path.join(root, ...parts);

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), "doom-report-"));
  writeFileSync(at("Pulumi.yaml"), "name: doom-coding\nbackend:\n  url: file://./.state\n");
  writeFileSync(at("package.json"), '{"version":"0.1.0"}');
  mkdirSync(at("reports", "runs"), { recursive: true });
  vi.spyOn(process, "cwd").mockReturnValue(root);
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(root, { recursive: true, force: true });
});

function record(): void {
  for (const [index, run] of SAMPLE_RUNS.entries()) {
    writeFileSync(at("reports", "runs", `${index}.json`), renderRun(run));
  }
}

describe("doom report", () => {
  it("writes the page, Markdown and JSON, and says how the targets stand", async () => {
    record();
    const { text, data, exitCode } = await report({ out: at("here", "and there") });
    expect(readdirSync(at("here", "and there")).sort()).toEqual([
      "report.html",
      "report.json",
      "report.md",
    ]);
    expect(text.split("\n").slice(0, 3)).toEqual([
      "METRIC                  TARGET       ACHIEVED  STATUS",
      "Data migration success  100 %        100 %     met",
      "Horizontal scaling      5 instances  50        met",
    ]);
    expect(text.split("\n").slice(-2)).toEqual([
      "12 recorded runs",
      "report: here/and there/report.html",
    ]);
    expect([exitCode, data.notMeasured, data.runs]).toEqual([undefined, 0, 12]);
    const written = JSON.parse(readFileSync(at("here", "and there", "report.json"), "utf8"));
    expect(written).toEqual(JSON.parse(JSON.stringify(data.report)));
  });

  it("is there before anything was recorded, and says so", async () => {
    const { text, data } = await report({});
    expect(data).toMatchObject({ notMeasured: 5, runs: 0 });
    expect(text).toContain("0 recorded runs; docs/report.md says what leaves records");
    expect(readFileSync(at("reports", "report.md"), "utf8")).toContain("not measured");
  });

  it("refuses a damaged record, and leaves the last report as it is", async () => {
    record();
    await report({});
    const before = readFileSync(at("reports", "report.html"));
    writeFileSync(at("reports", "runs", "3.json"), "{");
    await expect(report({})).rejects.toMatchObject({
      kind: "state",
      problems: ["reports/runs/3.json is cut off or altered: not JSON"],
    });
    expect(readFileSync(at("reports", "report.html"))).toEqual(before);
  });

  it.each([
    ["", '--out "" is empty.'],
    ["package.json", "is a file."],
    ["package.json/below", "lies below a file."],
  ])("refuses --out %j", async (out, message) => {
    const given = out === "" ? out : at(out);
    await expect(report({ out: given })).rejects.toMatchObject({ kind: "usage" });
    await expect(report({ out: given })).rejects.toThrow(message);
  });
});

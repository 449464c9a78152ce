import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import {
  BASE,
  benchRun,
  compared,
  isolationRun,
  SAMPLE_RUNS,
  soakRun,
  testsRun,
} from "../test/support/sampleRuns";
import { AREAS, CHAIN_TESTS, FORMAT_TESTS, SECURITY_TESTS } from "./areas";
import { buildReport } from "./buildReport";
import { type Cell, NOT_MEASURED, type Table } from "./document";
import type { RunRecord } from "./runRecord";

const made = (records: readonly RunRecord[]) =>
  buildReport(records, { madeAt: "2026-12-01T00:00:00.000Z", doom: "0.1.0" });

function tableOf(records: readonly RunRecord[], id: string, index = 0): Table {
  const section = made(records).sections.find((one) => one.id === id);
  return section?.blocks.filter((block) => block.kind === "table")[index] as Table;
}

/** The row that begins with this text, without that. */
function rowOf(records: readonly RunRecord[], id: string, first: string): readonly Cell[] {
  const row = tableOf(records, id).rows.find(([name]) => name?.text === first);
  if (row === undefined) throw new Error(`${id} has no row ${first}`);
  return row.slice(1);
}

const texts = (cells: readonly Cell[]) => cells.map(({ text }) => text);
const PLAN = ["migration", "scaling", "interoperability", "upgrades", "isolation"];
const WHOLE = ["targets", "areas", ...PLAN];

describe("with no record", () => {
  it("every figure of the plan says that it was not measured, and nothing is a figure", () => {
    for (const id of WHOLE) {
      for (const row of tableOf([], id).rows) {
        const figures = texts(row.slice(1)).filter(
          (text) => !/^(–|> .*|100 %|5 instances)$/.test(text),
        );
        expect(new Set(figures), id).toEqual(new Set([NOT_MEASURED]));
      }
    }
    expect(made([]).summary).toContain("No run was recorded yet");
  });
});

describe("with one run of every kind", () => {
  it("no figure of the plan is open", () => {
    for (const id of ["targets", ...PLAN]) {
      const all = tableOf(SAMPLE_RUNS, id).rows.flatMap(texts);
      expect(all, id).not.toContain(NOT_MEASURED);
    }
  });

  it("a rate comes with its sample and bound, and with the run", () => {
    const [, , , rate] = rowOf(SAMPLE_RUNS, "migration", "TC-56.2");
    expect(rate).toMatchObject({ text: "100 %", value: 1, sample: 30, runs: [6] });
    expect(rate?.detail).toBe(
      "30 of 30 migrations of random trees; at least 90.4 % with 95 % confidence",
    );
    expect(rate?.atLeast).toBeCloseTo(0.05 ** (1 / 30), 12);
  });

  it("all targets are met", () => {
    const rows = tableOf(SAMPLE_RUNS, "targets").rows.map((row) => texts(row));
    expect(rows).toEqual([
      ["Data migration success", "100 %", "100 %", "met"],
      ["Horizontal scaling", "5 instances", "50", "met"],
      ["Upgrade success rate", "> 95 %", "100 %", "met"],
      ["Environment isolation", "100 %", "100 %", "met"],
      ["Interoperability score", "> 90 %", "100 %", "met"],
    ]);
  });

  it("efficiency and impact are those of the benchmarks", () => {
    expect(texts(rowOf(SAMPLE_RUNS, "scaling", "TC-57.1"))).toEqual([
      "passed",
      "50",
      "80 %",
      "×1.10",
    ]);
    expect(texts(rowOf(SAMPLE_RUNS, "scaling", "TC-57.2"))).toEqual([
      "passed",
      "–",
      "100 %",
      "×1.25",
    ]);
  });
});

describe("what is not as it has to be", () => {
  it("one failure of 30 is a miss, and so is its target", () => {
    const runs = [soakRun("configurations", [10, 0]), soakRun("migration", [29, 1])];
    expect(texts(rowOf(runs, "migration", "TC-56.2"))[0]).toBe("missed");
    const [, achieved, status] = rowOf(runs, "targets", "Data migration success");
    expect([achieved?.text, status?.text]).toEqual(["97.5 %", "missed"]);
  });

  it("58 upgrades in a row are too few for more than 95 %", () => {
    const [, , status] = rowOf([soakRun("upgrade", [58, 0])], "targets", "Upgrade success rate");
    expect(status).toMatchObject({ text: "missed", detail: "too few to show it: 59 in a row do" });
  });

  it("one kind of migration says nothing of both", () => {
    const [, achieved] = rowOf(
      [soakRun("migration", [30, 0])],
      "targets",
      "Data migration success",
    );
    expect(achieved).toMatchObject({
      text: NOT_MEASURED,
      detail: "npm run soak -- configurations",
    });
  });

  it("a pair that is not as declared, and what is shared though all pairs are", () => {
    const pairs = isolationRun.pairs.map((pair, at) => ({ ...pair, asDeclared: at !== 1 }));
    const [, open, openStatus] = rowOf(
      [{ ...isolationRun, pairs, problems: ["open"] }],
      "targets",
      "Environment isolation",
    );
    expect([open?.text, openStatus?.text]).toEqual(["66.6 %", "missed"]);
    const [, shared, sharedStatus] = rowOf(
      [{ ...isolationRun, shared: ["volume x: dev, prod"] }],
      "targets",
      "Environment isolation",
    );
    expect([shared?.text, sharedStatus?.text]).toEqual(["100 %", "missed"]);
    expect(shared?.detail).toContain("1 other problems");
  });

  it("one environment alone proves no isolation", () => {
    const [, achieved] = rowOf(
      [{ ...isolationRun, stacks: ["dev"] }],
      "targets",
      "Environment isolation",
    );
    expect(achieved?.text).toBe(NOT_MEASURED);
  });

  it("a bound that is exceeded", () => {
    const runs = [benchRun("scale", [compared("up of 5", 2.5, { bound: 2 })])];
    const [, , scalability] = rowOf(runs, "areas", "Scalability");
    expect(scalability).toMatchObject({
      text: "0 %",
      state: "missed",
      detail: "0 of 1 bounds held",
    });
  });
});

describe("several runs", () => {
  const at = (day: number) => ({ startedAt: `2026-11-0${day}T10:00:00.000Z` });

  it("of one request of a soak count together, failures included, wherever they stand", () => {
    const runs = [
      soakRun("upgrade", [2, 0], { ...at(3), count: 5 }),
      soakRun("upgrade", [2, 1], { ...at(2), count: 5 }),
      soakRun("upgrade", [9, 9], { ...at(1), count: 18 }),
    ];
    const [, rate] = rowOf(runs, "upgrades", "TC-59.1");
    expect(rate).toMatchObject({ sample: 5, value: 0.8, runs: [2, 3] });
  });

  it("the last one of a benchmark counts, and the trend shows the others", () => {
    const runs = [1, 2, 3].map((day) => benchRun("up", [compared("up of 5", day)], at(day)));
    const [row] = tableOf(runs, "trend").rows;
    expect(texts(row ?? [])).toEqual(["up: up of 5 for peer", "3", "×1.00", "×2.00", "×3.00"]);
    expect(texts(tableOf(runs, "benchmarks").rows[0] ?? [])[3]).toBe("×3.00");
  });

  it("a test file counts as it came out last", () => {
    const runs = [
      { ...testsRun([["stack", "test/stack/upgradeChain.test.ts", 1, 1]]), ...at(1) },
      { ...testsRun([["stack", "test/stack/upgradeChain.test.ts", 2]]), ...at(2) },
      { ...testsRun([["unit", "checks/dataFormats.test.ts", 7]]), ...at(3) },
    ];
    const [, chain] = rowOf(runs, "upgrades", "TC-59.3");
    expect(chain).toMatchObject({ text: "100 %", detail: "2 of 2 tests", runs: [2] });
  });

  it("are listed with command, time, machine and versions", () => {
    const [record] = SAMPLE_RUNS as [RunRecord];
    const [row] = tableOf([record], "runs").rows;
    expect(texts(row ?? [])).toEqual([
      "1",
      "bench scale",
      "npm run bench",
      "2026-11-01 10:00",
      "12.5 s",
      "1.5",
      "S1",
    ]);
    expect(texts(tableOf([record], "runs", 1).rows[0] ?? [])).toEqual([
      "S1",
      "2 cores, Sample",
      Object.entries(BASE.versions)
        .map((pair) => pair.join(" "))
        .sort()
        .join(", "),
    ]);
  });
});

describe("the files that stand for an area", () => {
  const root = path.resolve(__dirname, "..");
  const starts = [...AREAS.flatMap(({ tests }) => tests), ...CHAIN_TESTS, ...SECURITY_TESTS];

  it.each([...new Set([...starts, ...FORMAT_TESTS])])("%s is there", (start) => {
    const whole = path.join(root, start);
    const names = readdirSync(path.dirname(whole));
    const found = names.filter((name) => name.startsWith(path.basename(whole)));
    expect(existsSync(whole) || found.length > 0).toBe(true);
  });
});

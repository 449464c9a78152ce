import { spread } from "../checks/benchVerdict";
import { type Cell, cell, NOT_MEASURED, runAnchor, type Table, table } from "./document";
import { amount, number, rateCell, ratioText, shown, unique } from "./measures";
import { bySoak } from "./planTables";
import { type RunRecord, titleOf } from "./runRecord";
import type { Judged, NumberedRun, Runs } from "./runs";
import { judgedOf } from "./runs";
import { lowerBound, percent } from "./statistics";

/** What the plan's figures rest on: every benchmark, every repetition, every test file, every run. */

const VERDICTS = { held: "held", exceeded: "exceeded", reported: "no bound" } as const;

/** The figures of the last run of each group; undefined when there was none. */
export function benchTable(runs: Runs): Table | undefined {
  const rows = runs
    .names("bench")
    .flatMap((name) => runs.bench(name).map((one) => benchRow(name, one)));
  return rows.length === 0
    ? undefined
    : table(["Figure", "Ours", "Against", "Ratio", "Bound"], rows);
}

function benchRow(group: string, { judgement, rounds, run }: Judged): Cell[] {
  const { figure, unit, ours, theirs, peer, ratio, bound, boundOfExtra, verdict } = judgement;
  const limits = [
    ...(bound === undefined ? [] : [`ratio up to ${bound}`]),
    ...(boundOfExtra === undefined ? [] : [`up to ${amount(boundOfExtra, unit)} more`]),
  ];
  const state = verdict === "exceeded" ? "missed" : verdict === "held" ? "met" : "plain";
  return [
    cell(figure, { detail: group, runs: [run] }),
    cell(amount(ours.median, unit), { value: ours.median }),
    cell(amount(theirs.median, unit), { detail: peer, value: theirs.median }),
    cell(ratioText(ratio), {
      detail: `median of ${rounds}, least ${ratioText({ ...ratio, median: ratio.minimum })}`,
      value: ratio.median,
      sample: rounds,
    }),
    cell(VERDICTS[verdict], {
      state,
      ...(limits.length === 0 ? {} : { detail: limits.join(", ") }),
    }),
  ];
}

/** The last request of every soak; undefined when there was none. */
export function soakTable(runs: Runs): Table | undefined {
  const rows = runs.names("soak").flatMap((name) => {
    const pooled = runs.soak(name);
    if (pooled === undefined) return [];
    const passed = pooled.attempts.filter((attempt) => attempt.passed);
    const times = passed.map(({ seconds }) => seconds);
    return [
      [
        cell(name, { runs: pooled.runs }),
        rateCell(pooled, "times", bySoak(name)),
        times.length === 0
          ? cell("–")
          : cell(`${shown(spread(times).median)} s`, {
              detail: `${shown(Math.min(...times))} to ${shown(Math.max(...times))} s`,
            }),
        cell(pooled.attempts.find((attempt) => !attempt.passed)?.what ?? "none"),
      ],
    ];
  });
  return rows.length === 0
    ? undefined
    : table(["Repeated", "Success", "Median time of one", "First failure"], rows);
}

/** Test files by what they need; undefined when no test was recorded. */
export function testsTable(runs: Runs): Table | undefined {
  const files = runs.tests();
  if (files.length === 0) return undefined;
  const projects = [...new Set(files.map(({ project }) => project))].sort();
  return table(
    ["Tests", "Files", "Passed", "Failed", "Skipped", "Time"],
    projects.map((project) => {
      const own = files.filter((file) => file.project === project);
      const sum = (part: "passed" | "failed" | "skipped" | "seconds") =>
        own.reduce((total, file) => total + file[part], 0);
      return [
        cell(project, { runs: unique(own.map(({ run }) => run)) }),
        cell(number(own.length)),
        cell(number(sum("passed")), { value: sum("passed") }),
        cell(number(sum("failed")), { state: sum("failed") === 0 ? "plain" : "missed" }),
        cell(number(sum("skipped"))),
        cell(`${shown(sum("seconds"))} s`, { detail: "of all files together" }),
      ];
    }),
  );
}

/** One figure over the runs that have measured it. */
interface Trend {
  readonly title: string;
  readonly points: readonly { readonly text: string; readonly run: number }[];
}

/** What was measured more than once, at first, before, and last; undefined when nothing was. */
export function trendTable(runs: Runs): Table | undefined {
  const rows = trendsOf(runs)
    .filter(({ points }) => points.length > 1)
    .map(({ title, points }) => {
      const at = (index: number) => {
        const point = points.at(index);
        return point === undefined ? cell("–") : cell(point.text, { runs: [point.run] });
      };
      const before = points.length > 2 ? at(-2) : cell("–");
      return [cell(title), cell(String(points.length)), at(0), before, at(-1)];
    });
  return rows.length === 0
    ? undefined
    : table(["Figure", "Runs", "First", "One before the last", "Last"], rows);
}

function trendsOf(runs: Runs): Trend[] {
  const trends = new Map<string, { text: string; run: number }[]>();
  for (const run of runs.all) {
    for (const [title, shownAs] of figuresOf(run)) {
      const points = trends.get(title) ?? [];
      trends.set(title, [...points, { text: shownAs, run: run.number }]);
    }
  }
  return [...trends].map(([title, points]) => ({ title, points }));
}

/** The figures of one run by their titles, as they are compared over time. */
function figuresOf({ number: at, record }: NumberedRun): [string, string][] {
  if (record.kind === "bench") {
    return judgedOf({ number: at, record }).map(({ judgement }) => [
      `${record.name}: ${judgement.figure} for ${judgement.peer}`,
      ratioText(judgement.ratio),
    ]);
  }
  if (record.kind === "soak") {
    if (record.attempts.length === 0) return [];
    const passed = record.attempts.filter((attempt) => attempt.passed).length;
    const sample = record.attempts.length;
    const bound = percent(lowerBound(passed, sample));
    return [[`soak ${record.name}`, `${passed} of ${sample} (at least ${bound})`]];
  }
  if (record.kind === "tests") {
    const sum = (part: "passed" | "failed") =>
      record.files.reduce((total, file) => total + file[part], 0);
    return [["tests", `${number(sum("passed"))} passed, ${sum("failed")} failed`]];
  }
  const [good, all] =
    record.kind === "isolation"
      ? [record.pairs.filter(({ asDeclared }) => asDeclared).length, record.pairs.length]
      : [record.checks.filter(({ passed }) => passed).length, record.checks.length];
  return [[titleOf(record), `${number(good)} of ${number(all)}`]];
}

/** Every run, the newest first, and the machines and versions that they ran with. */
export function runTables(runs: Runs): { runs: Table; settings: Table } | undefined {
  if (runs.all.length === 0) return undefined;
  const settings: string[] = [];
  const settingOf = ({ machine, versions }: RunRecord) => {
    const { load: _, ...lasting } = machine;
    const key = JSON.stringify([lasting, Object.entries(versions).sort()]);
    if (!settings.includes(key)) settings.push(key);
    return `S${settings.indexOf(key) + 1}`;
  };
  const named = runs.all.map((run) => ({ ...run, setting: settingOf(run.record) })).reverse();
  return {
    runs: {
      ...table(
        ["Run", "What", "Command", "Began (UTC)", "Took", "Load", "With"],
        named.map(({ number: at, record, setting }) => [
          cell(String(at)),
          cell(titleOf(record)),
          cell(record.command),
          cell(timeText(record.startedAt)),
          cell(`${shown(record.seconds)} s`),
          cell(record.machine.load.toFixed(1)),
          cell(setting),
        ]),
      ),
      anchors: named.map(({ number: at }) => runAnchor(at)),
    },
    settings: table(["With", "Machine", "Versions"], settings.map(settingRow)),
  };
}

function settingRow(key: string, index: number): Cell[] {
  const [machine, versions] = JSON.parse(key) as [
    Omit<RunRecord["machine"], "load">,
    [string, string][],
  ];
  const { cores, processor, memoryMebibytes, kernel } = machine;
  return [
    cell(`S${index + 1}`),
    cell(`${cores} cores, ${processor}`, {
      detail: `${number(memoryMebibytes)} MiB, Linux ${kernel}`,
    }),
    cell(versions.map(([name, version]) => `${name} ${version}`).join(", ") || NOT_MEASURED),
  ];
}

/** `2026-12-01 03:15`. */
export const timeText = (iso: string) => iso.slice(0, 16).replace("T", " ");

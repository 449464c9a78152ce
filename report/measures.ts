import { type Spread, spread } from "../checks/benchVerdict";
import { type Cell, cell, missing } from "./document";
import type { Judged, Pooled, TestFile } from "./runs";
import { lowerBound, percent } from "./statistics";

/** Single figures of the report, each with its sample and the runs that it comes from. */

/** `a` of an amount: `3 of 30 …`. */
const LOWER = (bound: number) => `at least ${percent(bound)} with 95 % confidence`;

/** A rate that was sampled, with its lower bound. */
export function rateCell(pooled: Pooled | undefined, what: string, how: string): Cell {
  if (pooled === undefined) return missing(how);
  const sample = pooled.attempts.length;
  const passed = pooled.attempts.filter((attempt) => attempt.passed).length;
  const atLeast = lowerBound(passed, sample);
  return cell(percent(passed / sample), {
    detail: `${passed} of ${sample} ${what}; ${LOWER(atLeast)}`,
    state: passed === sample ? "met" : "missed",
    runs: pooled.runs,
    value: passed / sample,
    sample,
    atLeast,
  });
}

/** A share of something that was looked at completely: nothing was sampled, so that no bound belongs to it. */
export function shareCell(
  passed: number,
  total: number,
  what: string,
  runs: readonly number[],
): Cell {
  return cell(percent(total === 0 ? 0 : passed / total), {
    detail: `${number(passed)} of ${number(total)} ${what}`,
    state: total > 0 && passed === total ? "met" : "missed",
    runs,
    value: total === 0 ? 0 : passed / total,
    sample: total,
  });
}

/** How many of the tests of some files passed; skipped ones did not. */
export function testsCell(
  files: readonly TestFile[],
  wanted: readonly string[],
  how: string,
): Cell {
  const chosen = files.filter(({ file }) => wanted.some((start) => file.startsWith(start)));
  if (chosen.length === 0) return missing(how);
  const sum = (part: "passed" | "failed" | "skipped") =>
    chosen.reduce((total, file) => total + file[part], 0);
  const total = sum("passed") + sum("failed") + sum("skipped");
  const absent = wanted.filter((start) => !chosen.some(({ file }) => file.startsWith(start)));
  const without = absent.length === 0 ? "" : `; without ${absent.map(baseName).join(", ")}`;
  return shareCell(sum("passed"), total, `tests${without}`, unique(chosen.map(({ run }) => run)));
}

const baseName = (file: string) => file.slice(file.lastIndexOf("/") + 1);

/** How many bounds of benchmarks are held. */
export function boundsCell(judged: readonly Judged[], how: string): Cell {
  const bound = judged.filter(({ judgement }) => judgement.verdict !== "reported");
  if (bound.length === 0) return missing(how);
  const held = bound.filter(({ judgement }) => judgement.verdict === "held").length;
  return shareCell(held, bound.length, "bounds held", unique(bound.map(({ run }) => run)));
}

/** The median duration of what passed. */
export function durationCell(pooled: Pooled | undefined, what: string, how: string): Cell {
  const times = pooled?.attempts.filter(({ passed }) => passed).map(({ seconds }) => seconds) ?? [];
  if (pooled === undefined || times.length === 0) return missing(how);
  const { median } = spread(times);
  const range =
    times.length === 1 ? "" : `, ${shown(Math.min(...times))} to ${shown(Math.max(...times))}`;
  return cell(`${shown(median)} s`, {
    detail: `median of ${times.length} ${what}${range}`,
    runs: pooled.runs,
    value: median,
    sample: times.length,
  });
}

/** The first figure whose name fits; undefined when it was not measured. */
export function figureOf(judged: readonly Judged[], name: string | RegExp): Judged | undefined {
  return judged.find(({ judgement }) =>
    typeof name === "string" ? judgement.figure === name : name.test(judgement.figure),
  );
}

/** The median of ours, in its unit. */
export function amountCell(found: Judged | undefined, what: string, how: string): Cell {
  if (found === undefined) return missing(how);
  const { judgement, rounds, run } = found;
  return cell(amount(judgement.ours.median, judgement.unit), {
    detail: `${what}, median of ${rounds} rounds`,
    runs: [run],
    value: judgement.ours.median,
    sample: rounds,
  });
}

/** An amount as people read it. */
export function amount(value: number, unit: "milliseconds" | "fewMilliseconds" | "bytes"): string {
  if (unit === "bytes") return `${number(Math.round(value / 1024 ** 2))} MiB`;
  return unit === "fewMilliseconds" ? `${shown(value)} ms` : `${shown(value / 1000)} s`;
}

/** Three digits that mean something, and no more than two of them behind the point. */
export function shown(value: number): string {
  const size = Math.abs(value);
  return size >= 100 ? number(Math.round(value)) : value.toFixed(size >= 10 ? 1 : 2);
}

/** With a narrow space between thousands. */
export function number(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");
}

export const ratioText = ({ median }: Spread) => `×${median.toFixed(2)}`;

export function unique(numbers: readonly number[]): number[] {
  return [...new Set(numbers)].sort((a, b) => a - b);
}

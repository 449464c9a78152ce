import { type Judgement, judge } from "../checks/benchVerdict";
import type { Attempt, RunOf, RunRecord } from "./runRecord";

/** All recorded runs, the oldest first, and what the report asks of them. */

export interface NumberedRun<Record extends RunRecord = RunRecord> {
  /** Its place in time: 1 is the first. */
  readonly number: number;
  readonly record: Record;
}

/** Attempts of one soak, with the runs that they come from. */
export interface Pooled {
  readonly attempts: readonly Attempt[];
  readonly runs: readonly number[];
}

/** A figure of a benchmark, judged, with the run that it comes from. */
export interface Judged {
  readonly judgement: Judgement;
  readonly rounds: number;
  readonly run: number;
}

export type TestFile = RunOf<"tests">["files"][number] & { readonly run: number };

export class Runs {
  readonly all: readonly NumberedRun[];

  constructor(records: readonly RunRecord[]) {
    this.all = [...records]
      .sort((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt))
      .map((record, index) => ({ number: index + 1, record }));
  }

  of<Kind extends RunRecord["kind"]>(kind: Kind): NumberedRun<RunOf<Kind>>[] {
    return this.all.filter((run): run is NumberedRun<RunOf<Kind>> => run.record.kind === kind);
  }

  /** The names of a kind, sorted. */
  names(kind: "bench" | "soak"): string[] {
    return [...new Set(this.of(kind).map(({ record }) => record.name))].sort();
  }

  /** The figures of the last run of a group; none when it never ran. */
  bench(group: string): Judged[] {
    const last = this.of("bench").findLast(({ record }) => record.name === group);
    return last === undefined ? [] : judgedOf(last);
  }

  /**
   * The attempts of the last request of a soak: all its runs with that seed and count.
   *
   * A run that failed and went on after a repair still counts its failure.
   */
  soak(name: string): Pooled | undefined {
    const all = this.of("soak").filter(({ record }) => record.name === name);
    const last = all.at(-1)?.record;
    if (last === undefined) return undefined;
    const same = all.filter(
      ({ record }) => record.seed === last.seed && record.count === last.count,
    );
    const used = same.filter(({ record }) => record.attempts.length > 0);
    if (used.length === 0) return undefined;
    return {
      attempts: used.flatMap(({ record }) => record.attempts),
      runs: used.map(({ number }) => number),
    };
  }

  /** Several soaks together; undefined when none of them ran. */
  soaks(names: readonly string[]): Pooled | undefined {
    const all = names.flatMap((name) => this.soak(name) ?? []);
    if (all.length === 0) return undefined;
    return {
      attempts: all.flatMap(({ attempts }) => attempts),
      runs: all.flatMap(({ runs }) => runs),
    };
  }

  /** The last proof that took in at least two environments: one alone has nobody to be isolated from. */
  isolation(): NumberedRun<RunOf<"isolation">> | undefined {
    return this.of("isolation").findLast(({ record }) => record.stacks.length > 1);
  }

  interop(): NumberedRun<RunOf<"interop">> | undefined {
    return this.of("interop").at(-1);
  }

  /** Each test file as it came out the last time that it ran. */
  tests(): TestFile[] {
    const files = new Map<string, TestFile>();
    for (const { number, record } of this.of("tests")) {
      for (const file of record.files) {
        files.set(`${file.project} ${file.file}`, { ...file, run: number });
      }
    }
    return [...files.values()];
  }
}

/** The figures of one run. */
export function judgedOf({ number, record }: NumberedRun<RunOf<"bench">>): Judged[] {
  return record.comparisons.map((comparison) => ({
    judgement: judge(comparison),
    rounds: comparison.ours.length,
    run: number,
  }));
}

/** Whether a proof found nothing but what is declared, and everything was shown to be reachable at all. */
export function isIsolated(record: RunOf<"isolation">): boolean {
  const { pairs, problems, shared, uncontrolled, missing, controls, counts } = record;
  const lists = [problems, shared, uncontrolled, missing];
  return (
    lists.every((list) => list.length === 0) &&
    pairs.every(({ asDeclared }) => asDeclared) &&
    controls > 0 &&
    counts.ERROR === 0
  );
}

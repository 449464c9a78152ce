import { mkdirSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Comparison, Judgement } from "../../checks/benchVerdict";

/** One run of a group, as it is kept: nothing in it was not measured or asked in this run. */
export interface BenchRecord {
  readonly group: string;
  /** What was typed. */
  readonly command: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly seconds: number;
  readonly rounds: number;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  readonly judgements: readonly Judgement[];
  /** All samples, in the order of the rounds. */
  readonly comparisons: readonly Comparison[];
}

export interface Machine {
  readonly cores: number;
  readonly processor: string;
  readonly memoryMebibytes: number;
  readonly kernel: string;
  /** Average number of running processes in the minute before the end: who else used the cores. */
  readonly load: number;
}

/** The machine as it is now. */
export function describeMachine(): Machine {
  const processors = os.cpus();
  return {
    cores: processors.length,
    processor: processors[0]?.model ?? "unknown",
    memoryMebibytes: Math.round(os.totalmem() / 1024 ** 2),
    kernel: os.release(),
    load: os.loadavg()[0] as number,
  };
}

/** Writes the record to `reports/bench/<group>.json` below `root` and gives the path relative to it. */
export function writeRecord(root: string, record: BenchRecord): string {
  const file = path.join("reports", "bench", `${record.group}.json`);
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
  writeFileSync(path.join(root, file), `${JSON.stringify(record, null, 2)}\n`);
  return file;
}

import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import {
  type Machine,
  parseRun,
  RUN_VERSION,
  type RunRecord,
  RunRecordError,
  type RunResult,
  renderRun,
} from "../report/runRecord";
import { dockerFacts } from "./dockerHost";
import { writeDurably } from "./durableFile";
import { findEngine } from "./engine";
import { errorCode, Failure } from "./failure";
import type { Project } from "./project";

/** The records of runs: a folder that only grows, and that `doom report` reads. */

const FOLDER = join("reports", "runs");

/** What whoever keeps a run knows of it, beside its result. */
export interface RunFacts {
  /** What was typed. */
  readonly command: string;
  readonly startedAt: Date;
  /** Of what takes part beside what every run names. */
  readonly versions?: Readonly<Record<string, string>>;
}

/**
 * Keeps what a run came to, and gives the file's path below the project.
 *
 * Texts that look like a secret are left out. Throws for a result that the report could not read.
 */
export async function keepRun(
  project: Project,
  { command, startedAt, versions = {} }: RunFacts,
  result: RunResult,
): Promise<string> {
  const record = {
    run: RUN_VERSION,
    command,
    startedAt: startedAt.toISOString(),
    seconds: (Date.now() - startedAt.getTime()) / 1000,
    machine: describeMachine(),
    versions: { ...(await askVersions(project)), ...versions },
    ...result,
  } as RunRecord;
  const stamp = record.startedAt.replace(/[-:]|\..*/g, "");
  const name = "name" in record ? `${record.kind}-${record.name}` : record.kind;
  const file = join(FOLDER, `${stamp}-${name}-${randomBytes(4).toString("hex")}.json`);
  // As readable as the report that is made of it.
  writeDurably(join(project.root, file), renderRun(record), 0o644);
  return file;
}

/**
 * Every record of the project, in no order; none when no run was kept yet.
 *
 * Throws a {@link Failure} that names each file that is damaged, foreign, or of another version.
 */
export function readRuns(project: Project): RunRecord[] {
  const folder = join(project.root, FOLDER);
  const problems: string[] = [];
  const records = recordNames(folder).flatMap((name): RunRecord[] => {
    try {
      return [parseRun(readFileSync(join(folder, name), "utf8"))];
    } catch (error) {
      const reason = error instanceof RunRecordError ? error.message : errorCode(error);
      if (reason === undefined) throw error;
      problems.push(`${join(FOLDER, name)} ${reason}`);
      return [];
    }
  });
  if (problems.length > 0) {
    throw new Failure("state", "Not every run record can be read, and a report leaves none out.", {
      problems,
      fix: "move these files away; they are never written again",
    });
  }
  return records;
}

/** A draft of a run that is being kept, or was killed meanwhile, is no record yet. */
function recordNames(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith(".json"));
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}

/** The machine as it is now. */
function describeMachine(): Machine {
  const processors = os.cpus();
  return {
    cores: processors.length,
    processor: processors[0]?.model || "unknown",
    memoryMebibytes: Math.round(os.totalmem() / 1024 ** 2),
    kernel: os.release(),
    load: os.loadavg()[0] as number,
  };
}

/** The versions of what takes part in most runs, as each says itself; what is not there has none. */
async function askVersions(project: Project): Promise<Record<string, string>> {
  const manifest = (folder: string) => {
    const file = join(project.root, folder, "package.json");
    return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
  };
  const [pulumi, docker] = await Promise.all([
    whereThere(async () => (await findEngine(project)).version),
    whereThere(async () => (await dockerFacts()).engineVersion),
  ]);
  return {
    "doom-coding": manifest("."),
    node: process.version,
    ...(pulumi === undefined ? {} : { pulumi }),
    "@pulumi/pulumi": manifest("node_modules/@pulumi/pulumi"),
    "@pulumi/docker": manifest("node_modules/@pulumi/docker"),
    "@pulumi/command": manifest("node_modules/@pulumi/command"),
    ...(docker === undefined ? {} : { docker }),
  };
}

/** Unit tests need neither engine nor Docker. */
async function whereThere(ask: () => Promise<string>): Promise<string | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

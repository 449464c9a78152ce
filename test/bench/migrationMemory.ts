import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { errorCode } from "../../operations/failure";
import { engine } from "../support/dockerHost";
import type { TestVolumes } from "../support/testVolumes";
import type { BenchContext } from "./group";
import { DOOM, ROOT } from "./migrationContestants";

const FOLDERS = 1000;
const FILES_EACH = 1000;
const SAMPLE_MS = 100;

const TREE = `node - <<'PROGRAM'
const { mkdirSync, writeFileSync } = require("node:fs");
for (let folder = 0; folder < ${FOLDERS}; folder += 1) {
  mkdirSync(String(folder));
  for (let file = 0; file < ${FILES_EACH}; file += 1) {
    writeFileSync(folder + "/" + file, "file " + file);
  }
}
PROGRAM`;

/** Peaks of resident memory in bytes, by process. */
export type Peaks = ReadonlyMap<string, number>;

/**
 * Migrates a million files and gives the peaks of `doom` and of the program that makes the manifests.
 *
 * Only on a Docker host that is this machine: the kernel keeps the peaks.
 */
export async function measureMemory(
  volumes: TestVolumes,
  { signal, report }: BenchContext,
): Promise<Peaks> {
  report("making a million files");
  const source = await volumes.filled(TREE);
  report("migrating a million files");
  const began = Date.now();
  const command = [DOOM, "migrate", "volume", `volume:${source}`, `volume:${volumes.name()}`];
  const child = spawn(process.execPath, [...command, "--json"], {
    cwd: ROOT,
    env: { ...process.env, ...volumes.environment },
    stdio: ["ignore", "pipe", "inherit"],
    signal,
  });
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
  });
  const ended = once(child, "close");
  const peaks = await watch(child.pid as number, () => child.exitCode === null).finally(() =>
    child.kill("SIGKILL"),
  );
  const [code] = await ended;
  if (code !== 0) throw new Error(`doom ended with ${code}: ${stdout}`);
  const { entries } = (JSON.parse(stdout) as { manifest: { entries: number } }).manifest;
  if (entries !== FOLDERS * FILES_EACH + FOLDERS + 1) throw new Error(`${entries} entries`);
  report(`a million files took ${((Date.now() - began) / 1000).toFixed(0)} s`);
  return peaks;
}

async function watch(doom: number, runs: () => boolean): Promise<Peaks> {
  const peaks = new Map<string, number>();
  const note = (name: string, pid: number) =>
    peaks.set(name, Math.max(peaks.get(name) ?? 0, peakOf(pid)));
  while (runs()) {
    note("doom", doom);
    for (const pid of await manifestMakers(doom)) note("manifest.mjs", pid);
    await sleep(SAMPLE_MS);
  }
  if (!peaks.get("manifest.mjs")) throw new Error("the program that makes manifests was not seen");
  return peaks;
}

/** Processes of the run's container. */
async function manifestMakers(doom: number): Promise<number[]> {
  const all = await engine.listContainers({ filters: { label: ["doom.role=tools"] } });
  const own = all.find(({ Labels }) => Labels["doom.owner"]?.includes(`"pid":${doom},`));
  if (own === undefined) return [];
  try {
    const { Titles, Processes } = await engine.getContainer(own.Id).top();
    const [pid, command] = [Titles.indexOf("PID"), Titles.indexOf("CMD")];
    // Null while it ends.
    return ((Processes ?? []) as string[][])
      .filter((fields) => fields[command]?.includes("manifest.mjs"))
      .map((fields) => Number(fields[pid]));
  } catch (error) {
    // It is not started yet, or gone.
    if ((error as { statusCode?: number }).statusCode !== undefined) return [];
    throw error;
  }
}

/** The most that a process has had in memory so far; 0 for one that has just ended. */
function peakOf(pid: number): number {
  try {
    const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Number(kibibytes ?? 0) * 1024;
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes(errorCode(error) ?? "")) return 0;
    throw error;
  }
}

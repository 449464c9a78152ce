import { execFileSync } from "node:child_process";
import path from "node:path";
import { performance } from "node:perf_hooks";
import { ensureToolsImage } from "../../operations/toolsImage";
import type { TestVolumes } from "../support/testVolumes";
import type { Contestant } from "./alternate";
import { timeProcess } from "./process";

/** What is timed of a round. */
export const PARTS = {
  full: "copy and proof",
  durable: "copy and proof, on the disk",
  reading: "nothing changed, all read again",
  trusting: "nothing changed, sizes and times trusted",
  changed: "1 % changed",
} as const;

/** The compiled checkout. */
export const ROOT = path.resolve(__dirname, "..", "..", "..");
export const DOOM = path.join(ROOT, "bin", "cli", "main.js");

// Targets stay until all rounds are over: what one contestant deleted, the disk would discard while the next one
// writes, and that takes as long as the writing.

/** `doom migrate volume`, as it is typed. */
export class VolumeContestant implements Contestant {
  readonly name = "doom migrate volume";
  /** What the last part of each round had to move, and what it moved. */
  readonly bytes: { readonly changed: number[]; readonly moved: number[] } = {
    changed: [],
    moved: [],
  };

  constructor(
    private readonly volumes: TestVolumes,
    private readonly source: string,
    /** Changes the source and prints how many bytes of it. */
    private readonly changes: string,
    private readonly signal: AbortSignal,
  ) {}

  readonly round = async () => {
    const target = this.volumes.name();
    const full = await this.migrate(target, true);
    const reading = await this.migrate(target, false);
    const trusting = await this.migrate(target, false, "--quick");
    this.bytes.changed.push(Number(await this.volumes.script(this.source, this.changes)));
    const changed = await this.migrate(target, true, "--quick");
    this.bytes.moved.push(changed.copied.bytes);
    return {
      [PARTS.full]: full.milliseconds,
      [PARTS.reading]: reading.milliseconds,
      [PARTS.trusting]: trusting.milliseconds,
      [PARTS.changed]: changed.milliseconds,
    };
  };

  /** Throws unless it was as much to do as there should be. */
  private async migrate(target: string, expected: boolean, ...options: readonly string[]) {
    settle();
    const places = [`volume:${this.source}`, `volume:${target}`];
    const { milliseconds, stdout } = await timeProcess({
      command: process.execPath,
      arguments: [DOOM, "migrate", "volume", ...places, ...options, "--json"],
      folder: ROOT,
      environment: { ...process.env, ...this.volumes.environment },
      signal: this.signal,
    });
    const { changed, copied } = JSON.parse(stdout) as {
      changed: boolean;
      copied: { bytes: number };
    };
    if (changed !== expected) throw new Error(`doom said changed: ${changed}, not ${expected}`);
    return { milliseconds, copied };
  }
}

/**
 * The test plan's own procedure: a container for `cp -a`, one each for the sums of both sides.
 *
 * In its favour, `md5sum` is not started for each file anew. What it copies need not reach the disk, as ours
 * has to: what that takes on top is timed apart.
 */
export class PlanContestant implements Contestant {
  readonly name = "cp -a, md5sum of both";

  constructor(
    private readonly volumes: TestVolumes,
    private readonly source: string,
    private readonly signal: AbortSignal,
  ) {}

  readonly round = async () => {
    const target = await this.volumes.create();
    settle();
    const mounts = [`--volume=${this.source}:/source:ro`, `--volume=${target}:/target`];
    const copied = await this.run(mounts, "cp -a /source/. /target/");
    const source = await this.sums(this.source);
    const arrived = await this.sums(target);
    const full = copied.milliseconds + source.milliseconds + arrived.milliseconds;
    const durable = full + settle();
    if (sorted(source.stdout) !== sorted(arrived.stdout)) throw new Error("the sums differ");
    return { [PARTS.full]: full, [PARTS.durable]: durable };
  };

  private sums(volume: string) {
    const script = "cd /data && find . -type f -exec md5sum {} +";
    return this.run([`--volume=${volume}:/data:ro`], script);
  }

  private async run(mounts: readonly string[], script: string) {
    const image = await ensureToolsImage();
    return timeProcess({
      command: "docker",
      arguments: ["run", "--rm", "--network=none", ...mounts, image, "sh", "-c", script],
      folder: ROOT,
      environment: process.env,
      signal: this.signal,
    });
  }
}

const sorted = (lines: string) => lines.split("\n").sort().join("\n");

/** Waits until all is on the disk, so that no turn pays for another; gives the milliseconds that it took. */
function settle(): number {
  const since = performance.now();
  execFileSync("sync");
  return performance.now() - since;
}

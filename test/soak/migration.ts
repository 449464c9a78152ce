import { describeDifference } from "../../operations/placeCopy";
import { engine } from "../support/dockerHost";
import { hardTreeScript, randomTreeScript } from "../support/hardTree";
import { TestVolumes } from "../support/testVolumes";
import type { Soak, SoakContext, SoakRun } from "./soak";

/** As large as the trees of the tests are not: that of every run's beginning. */
const HARD_TREE = hardTreeScript({ files: 20_000, sparse: "8G" });
/** Writes to a file for as long as it may. */
const WRITER = "trap exit TERM; while :; do echo line >> growing; sleep 0.01; done";

/** Volumes with random trees move to other volumes and, changed at random, once more. */
export const migrationSoak: Soak = {
  name: "migration",
  summary: "migrations of random trees, each proven by manifests that are made apart",
  count: 30,
  begin,
};

async function begin(context: SoakContext): Promise<SoakRun> {
  const volumes = new TestVolumes();
  Object.assign(process.env, volumes.environment);
  try {
    context.report("the hard tree with 20 000 files, 8 GiB of hole and a writer");
    context.report(await moveHardTree(volumes, context));
  } catch (error) {
    await volumes.dispose();
    throw error;
  }
  return {
    once: (seed) => moveRandomTree(volumes, seed, context),
    end: () => volumes.dispose(),
  };
}

async function moveHardTree(volumes: TestVolumes, { signal }: SoakContext): Promise<string> {
  const [source, target] = [await volumes.filled(HARD_TREE), volumes.name()];
  const writer = await volumes.writer(source, WRITER, {}, "SIGTERM");
  await volumes.migrate(`volume:${source}`, `volume:${target}`, { signal });
  if (!(await writer.inspect()).State.Running) throw new Error("the writer does not run again");
  await writer.stop();
  // What was written since then moves as well.
  const { manifest } = await volumes.migrate(`volume:${source}`, `volume:${target}`, { signal });
  await requireEqual(volumes, source, target);
  await writer.remove();
  await remove(source, target);
  return `${manifest.entries} paths with ${manifest.bytes} bytes are equal`;
}

async function moveRandomTree(
  volumes: TestVolumes,
  seed: number,
  { signal }: SoakContext,
): Promise<string> {
  const [source, target] = [await volumes.filled(randomTreeScript(seed)), volumes.name()];
  const move = () => volumes.migrate(`volume:${source}`, `volume:${target}`, { signal });
  const first = await move();
  await requireEqual(volumes, source, target);
  await volumes.script(source, randomTreeScript(seed, 1));
  const second = await move();
  await requireEqual(volumes, source, target);
  await remove(source, target);
  const counts = [first, second].map(({ manifest }) => manifest.entries);
  return `${counts.join(" and then ")} paths are equal`;
}

async function requireEqual(volumes: TestVolumes, source: string, target: string): Promise<void> {
  const differences = await volumes.compare(source, target);
  if (differences.length === 0) return;
  throw new Error(["the copy differs:", ...differences.map(describeDifference)].join("\n  "));
}

async function remove(...names: readonly string[]): Promise<void> {
  for (const name of names) await engine.getVolume(name).remove();
}

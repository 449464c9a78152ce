import path from "node:path";
import type { Comparison } from "../../checks/benchVerdict";
import { type EngineStats, useOf } from "../../checks/containerUse";
import { containersOf, engine } from "../support/dockerHost";
import { createProjectCopy, type ProjectCopy } from "../support/projectCopy";
import { writeComposeFile } from "./compose";
import { ComposeContestant, PulumiContestant, type Round } from "./contestants";
import type { BenchContext, Group } from "./group";
import { requireSame, shapeOf } from "./sameContainers";
import { HAPROXY_CONFIG } from "./up";

/** How many editors; the same real ones at every size. */
const SIZES = [1, 5, 20, 50] as const;

/**
 * An editor more may take as long at the end as at the beginning. Half as much again is for the noise of a
 * difference between two times.
 */
const GROWTH_BOUND = 1.5;

/** As in the group `up`, at every size that the engine's own start does not dominate. */
const UP_BOUND = 2;

/** Small enough that fifty fit a workstation. */
const RESOURCES = { cpus: 0.25, memory: "320MiB", storage: "256MiB" };

export const scaleGroup: Group = {
  name: "scale",
  summary:
    "up, a preview without changes and memory at 1, 5, 20 and 50 editors, against docker-compose",
  rounds: 3,
  remark:
    "real code-server at every size; Compose has no preview, so that its part is `up` again. OpenTofu is not measured: it is not part of the set-up.",
  measure,
};

/** What one contestant needed at one size. */
interface Turn {
  readonly up: number;
  readonly nothing: number;
  readonly memory: number;
}

/** Of all rounds. */
interface Pair {
  ours: Turn[];
  theirs: Turn[];
}
type Turns = Map<number, Pair>;

async function measure(context: BenchContext): Promise<Comparison[]> {
  const copy = createProjectCopy();
  const turns: Turns = new Map();
  try {
    await buildImages(copy, context);
    for (let round = 1; round <= context.rounds; round += 1) {
      for (const size of SIZES) {
        const pair = await compareOnce(copy, size, context);
        const { ours, theirs } = turns.get(size) ?? { ours: [], theirs: [] };
        turns.set(size, { ours: [...ours, pair.ours], theirs: [...theirs, pair.theirs] });
        const shown = [pair.ours, pair.theirs].map((turn) => (turn.up / 1000).toFixed(1));
        context.report(`round ${round}, ${size}: up ${shown.join(" s against ")} s`);
      }
    }
    return [...SIZES.flatMap((size) => comparisonsOf(size, turns.get(size))), ...growth(turns)];
  } finally {
    await copy.dispose();
  }
}

async function buildImages(copy: ProjectCopy, context: BenchContext): Promise<void> {
  context.report("building what is missing, and one turn without a clock");
  const { stack } = await copy.addStack({ resources: RESOURCES });
  const pulumi = new PulumiContestant(copy, stack, 1, context);
  await pulumi.start();
  await pulumi.stop();
  await pulumi.clean();
}

/** One turn of each, with the same containers. */
async function compareOnce(copy: ProjectCopy, size: number, context: BenchContext) {
  const { stack } = await copy.addStack({ resources: RESOURCES, instances: size });
  const shapes = async () =>
    (await containersOf(stack)).map((container) => shapeOf(container, [HAPROXY_CONFIG]));
  const pulumi = new PulumiContestant(copy, stack, size, context);
  const up = await pulumi.start();
  const folder = path.join(copy.root, `compose-${stack}`);
  const file = await writeComposeFile(stack, folder, {
    [`doom-${stack}-gateway`]: [HAPROXY_CONFIG],
  });
  const wanted = await shapes();
  const ours = await finish(pulumi, up);
  const compose = new ComposeContestant(stack, size, file, context);
  const theirUp = await compose.start();
  requireSame(wanted, await shapes());
  return { ours, theirs: await finish(compose, theirUp) };
}

async function finish(contestant: Round, up: number): Promise<Turn> {
  const nothing = await contestant.nothing();
  const memory = await memoryOf(contestant.stack);
  await contestant.stop();
  await contestant.clean();
  return { up, nothing, memory };
}

/** Of all containers together, in bytes. */
async function memoryOf(stack: string): Promise<number> {
  const uses = await Promise.all(
    (await containersOf(stack)).map(async ({ Id }) =>
      useOf((await engine.getContainer(Id).stats({ stream: false })) as EngineStats),
    ),
  );
  return uses.reduce((sum, { memoryBytes = Number.NaN }) => sum + memoryBytes, 0);
}

function comparisonsOf(size: number, turns: Pair = { ours: [], theirs: [] }): Comparison[] {
  const figure = (name: string, part: keyof Turn) => ({
    figure: `${name} of ${size}`,
    ours: turns.ours.map((turn) => turn[part]),
    peer: "docker-compose",
    theirs: turns.theirs.map((turn) => turn[part]),
  });
  return [
    { ...figure("up", "up"), ...(size === SIZES[0] ? {} : { bound: UP_BOUND }) },
    figure("preview without changes", "nothing"),
    { ...figure("memory", "memory"), unit: "bytes" },
  ];
}

/**
 * What an editor more takes between the two largest sizes, against the sizes below them, and against Compose.
 *
 * Between the two smallest it is reported only: up to five start in the time in which the first one becomes
 * healthy, and so cost next to nothing.
 */
function growth(turns: Turns): Comparison[] {
  const each = (whose: keyof Pair, from: number, to: number) => {
    const [few, many] = [turns.get(from)?.[whose] ?? [], turns.get(to)?.[whose] ?? []];
    return many.map(({ up }, round) => (up - (few[round]?.up ?? Number.NaN)) / (to - from));
  };
  const [one, five, twenty, fifty] = SIZES;
  const most = {
    figure: `up, each editor more from ${twenty} to ${fifty}`,
    ours: each("ours", twenty, fifty),
  };
  return [
    {
      ...most,
      peer: `ours from ${five} to ${twenty}`,
      theirs: each("ours", five, twenty),
      bound: GROWTH_BOUND,
    },
    { ...most, peer: "docker-compose", theirs: each("theirs", twenty, fifty) },
    {
      figure: `up, each editor more from ${one} to ${five}`,
      ours: each("ours", one, five),
      peer: "docker-compose",
      theirs: each("theirs", one, five),
    },
  ];
}

import path from "node:path";
import type { Comparison } from "../../checks/benchVerdict";
import { type EngineStats, useOf } from "../../checks/containerUse";
import { containersOf, engine } from "../support/dockerHost";
import { createProjectCopy, type ProjectCopy } from "../support/projectCopy";
import { writeComposeFile } from "./compose";
import { ComposeContestant, PulumiContestant, type Round } from "./contestants";
import type { BenchContext, Group } from "./group";
import { OpenTofuContestant } from "./openTofu";
import { requireSame, type Shape, shapeOf } from "./sameContainers";
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
    "up, a preview without changes and memory at 1, 5, 20 and 50 editors, against docker-compose and OpenTofu",
  rounds: 3,
  remark:
    "real code-server at every size; Compose has no preview, so that its part is `up` again. OpenTofu has the provider that our docker plugin is made of.",
  measure,
};

/** What one contestant needed at one size. */
interface Turn {
  readonly up: number;
  readonly nothing: number;
  readonly memory: number;
}

const PEERS = ["docker-compose", "OpenTofu"] as const;
type Who = "ours" | (typeof PEERS)[number];
/** What each has needed at each size, of all rounds. */
type Turns = Map<number, Record<Who, Turn[]>>;

async function measure(context: BenchContext): Promise<Comparison[]> {
  const copy = createProjectCopy();
  const turns: Turns = new Map();
  try {
    await buildImages(copy, context);
    for (let round = 1; round <= context.rounds; round += 1) {
      for (const size of SIZES) {
        const turn = await compareOnce(copy, size, context);
        const known = turns.get(size) ?? { ours: [], "docker-compose": [], OpenTofu: [] };
        turns.set(size, known);
        const shown = Object.entries(turn).map(([who, { up }]) => {
          known[who as Who].push(turn[who as Who]);
          return `${who} ${(up / 1000).toFixed(1)} s`;
        });
        context.report(`round ${round}, ${size}: up ${shown.join(", ")}`);
      }
    }
    return [...SIZES.flatMap((size) => comparisonsOf(size, turns)), ...growth(turns)];
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
async function compareOnce(
  copy: ProjectCopy,
  size: number,
  context: BenchContext,
): Promise<Record<Who, Turn>> {
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
  const turnOf = async (peer: Round, unasked: readonly string[] = []) => {
    const theirUp = await peer.start();
    const asked = (all: readonly Shape[]) => all.map((shape) => without(shape, unasked));
    requireSame(asked(wanted), asked(await shapes()));
    return finish(peer, theirUp);
  };
  const compose = await turnOf(new ComposeContestant(stack, size, file, context));
  const tofuFolder = path.join(copy.root, `opentofu-${stack}`);
  const tofu = await OpenTofuContestant.create(stack, size, file, tofuFolder, context);
  return { ours, "docker-compose": compose, OpenTofu: await turnOf(tofu, NOT_IN_PROVIDER) };
}

/** The provider has no word for the number of processes; ours is set by a command of the stack. */
const NOT_IN_PROVIDER = ["processes"];

function without(shape: Shape, names: readonly string[]): Shape {
  return Object.fromEntries(Object.entries(shape).filter(([name]) => !names.includes(name)));
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

function comparisonsOf(size: number, turns: Turns): Comparison[] {
  const part = (who: Who, name: keyof Turn) =>
    turns.get(size)?.[who].map((turn) => turn[name]) ?? [];
  return PEERS.flatMap((peer) => {
    const figure = (name: string, key: keyof Turn) => ({
      figure: `${name} of ${size}`,
      ours: part("ours", key),
      peer,
      theirs: part(peer, key),
    });
    const isBound = size !== SIZES[0] && peer === "docker-compose";
    return [
      { ...figure("up", "up"), ...(isBound ? { bound: UP_BOUND } : {}) },
      figure("preview without changes", "nothing"),
      { ...figure("memory", "memory"), unit: "bytes" as const },
    ];
  });
}

/**
 * What an editor more takes between the two largest sizes, against the sizes below them, and against the peers.
 *
 * Between the two smallest it is reported only: up to five start in the time in which the first one becomes
 * healthy, and so cost next to nothing.
 */
function growth(turns: Turns): Comparison[] {
  const each = (whose: Who, from: number, to: number) => {
    const [few, many] = [turns.get(from)?.[whose] ?? [], turns.get(to)?.[whose] ?? []];
    return many.map(({ up }, round) => (up - (few[round]?.up ?? Number.NaN)) / (to - from));
  };
  const [one, five, twenty, fifty] = SIZES;
  const between = (from: number, to: number) => ({
    figure: `up, each editor more from ${from} to ${to}`,
    ours: each("ours", from, to),
  });
  const against = (from: number, to: number) =>
    PEERS.map((peer) => ({ ...between(from, to), peer, theirs: each(peer, from, to) }));
  return [
    {
      ...between(twenty, fifty),
      peer: `ours from ${five} to ${twenty}`,
      theirs: each("ours", five, twenty),
      bound: GROWTH_BOUND,
    },
    ...against(twenty, fifty),
    ...against(one, five),
  ];
}

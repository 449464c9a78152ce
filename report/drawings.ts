import { spread } from "../checks/benchVerdict";
import { UPGRADE_SOAK } from "./areas";
import type { Chart, HeatCell, Series } from "./document";
import { medianOf, number } from "./measures";
import { environmentOf } from "./planTables";
import type { RunOf } from "./runRecord";
import type { Judged, Runs } from "./runs";

/** What the charts show; each is undefined where nobody has measured it. */

const SECOND_MS = 1000;

/** Who reaches whom, as it was tried: a row asks, a column is asked. */
export function reachabilityChart(runs: Runs): Chart | undefined {
  const last = runs.isolation();
  if (last === undefined) return undefined;
  const { stations, stacks, pairs } = last.record;
  const place = (name: string) => {
    const at = stacks.indexOf(environmentOf(name, stacks) ?? "");
    return at < 0 ? stacks.length : at;
  };
  // Environments as they were named, and last what belongs to none.
  const order = [...stations].sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1));
  const cells = pairs.flatMap((pair): HeatCell[] => {
    const [row, column] = [order.indexOf(pair.from), order.indexOf(pair.to)];
    return row < 0 || column < 0 ? [] : [{ row, column, ...heatOf(pair) }];
  });
  const names = order.map((name) => shortName(name, stacks));
  const wrong = cells.filter(({ shade }) => shade === "wrong").length;
  const open = cells.filter(({ shade }) => shade === "some" || shade === "all").length;
  return {
    kind: "chart",
    title: "Who reaches whom",
    summary: `Each row asks, each column is asked; the number is how many of the ways that were tried are open. Of ${number(cells.length)} pairs, ${open} have an open way and ${wrong} are not as declared (marked with !).`,
    runs: [last.number],
    drawing: { form: "heat", rows: names, columns: names, cells },
  };
}

function heatOf({
  counts,
  asDeclared,
}: RunOf<"isolation">["pairs"][number]): Pick<HeatCell, "text" | "shade"> {
  const all = Object.values(counts).reduce((sum, one) => sum + one, 0);
  if (!asDeclared) return { text: `!${counts.OPEN}`, shade: "wrong" };
  if (counts.OPEN === 0) return { text: "0", shade: "none" };
  return { text: String(counts.OPEN), shade: counts.OPEN === all ? "all" : "some" };
}

/** `dev gateway` for `doom-dev-gateway`. */
function shortName(name: string, stacks: readonly string[]): string {
  const stack = environmentOf(name, stacks);
  return stack === undefined ? name : `${stack} ${name.slice(`doom-${stack}-`.length)}`;
}

/** The stages of upgrades: the median of each. */
export function upgradeChart(runs: Runs): Chart | undefined {
  const pooled = runs.soak(UPGRADE_SOAK);
  const timed =
    pooled?.attempts.flatMap(({ timings }) => (timings === undefined ? [] : [timings])) ?? [];
  if (pooled === undefined || timed.length === 0) return undefined;
  const stages = [...new Set(timed.flatMap((timings) => Object.keys(timings)))];
  const series = stages.map((name): Series => {
    const values = timed.flatMap((timings) => timings[name] ?? []);
    return { name, values: [spread(values).median / SECOND_MS] };
  });
  return {
    kind: "chart",
    title: "Where an upgrade spends its time",
    summary: `The median of each stage over ${timed.length} upgrades, in seconds; the editor serves until the cut-over begins.`,
    runs: pooled.runs,
    drawing: { form: "stacked", unit: "s", categories: ["upgrade"], series },
  };
}

/** What `up` takes at each size, with the peer. */
export function scalingChart(runs: Runs): Chart | undefined {
  return bySize(runs.bench("scale"), /^up of (\d+)$/, {
    title: "Bringing editors up",
    what: "Seconds from nothing to all healthy",
    unit: "s",
    factor: 1 / SECOND_MS,
  });
}

export function memoryChart(runs: Runs): Chart | undefined {
  return bySize(runs.bench("scale"), /^memory of (\d+)$/, {
    title: "Memory of all containers",
    what: "Mebibytes of an environment at rest",
    unit: "MiB",
    factor: 1 / 1024 ** 2,
  });
}

interface SizeChart {
  readonly title: string;
  readonly what: string;
  readonly unit: string;
  readonly factor: number;
}

function bySize(
  judged: readonly Judged[],
  name: RegExp,
  { title, what, unit, factor }: SizeChart,
): Chart | undefined {
  const sizes = judged
    .flatMap((one) => {
      const size = name.exec(one.judgement.figure)?.[1];
      return size === undefined ? [] : [{ ...one, size: Number(size) }];
    })
    .sort((a, b) => a.size - b.size);
  const [first] = sizes;
  if (first === undefined) return undefined;
  const peers = [...new Set(sizes.map(({ judgement }) => judgement.peer))];
  // Ours is measured once, and stands with each of them.
  const against = (peer: string) => sizes.filter(({ judgement }) => judgement.peer === peer);
  const own = against(first.judgement.peer);
  if (own.length < 2) return undefined;
  return {
    kind: "chart",
    title,
    summary: `${what} by the number of editors, ${medianOf(first.rounds)}, with ${peers.join(" and ")} for the same containers.`,
    runs: [first.run],
    drawing: {
      form: "lines",
      unit,
      categories: own.map(({ size }) => String(size)),
      series: [
        { name: "doom", values: own.map(({ judgement }) => judgement.ours.median * factor) },
        ...peers.map((name) => ({
          name,
          values: against(name).map(({ judgement }) => judgement.theirs.median * factor),
        })),
      ],
    },
  };
}

/** What it takes to move a volume, by how much of it has to be moved. */
export function migrationChart(runs: Runs): Chart | undefined {
  const timed = runs
    .bench("migration")
    .filter(({ judgement }) => judgement.unit === "milliseconds");
  const bars = timed.filter(
    ({ judgement }, index) =>
      timed.findIndex((other) => other.judgement.figure === judgement.figure) === index,
  );
  const [first] = bars;
  if (first === undefined) return undefined;
  const { figure, peer, theirs } = first.judgement;
  return {
    kind: "chart",
    title: "Moving a volume",
    summary: `Seconds for the same tree, ${medianOf(first.rounds)}; the last bar is ${peer}, against which "${figure}" is measured.`,
    runs: [first.run],
    drawing: {
      form: "bars",
      unit: "s",
      categories: [...bars.map(({ judgement }) => judgement.figure), peer],
      series: [
        {
          name: "time",
          values: [...bars.map(({ judgement }) => judgement.ours), theirs].map(
            ({ median }) => median / SECOND_MS,
          ),
        },
      ],
    },
  };
}

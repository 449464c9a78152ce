import {
  CHAIN_TESTS,
  CONFIGURATION_SOAK,
  FORMAT_TESTS,
  KILLS_SOAK,
  MIGRATION_SOAK,
  PROMOTION_SOAK,
  SECURITY_TESTS,
  UPGRADE_SOAK,
} from "./areas";
import { type Cell, cell, missing, NONE, type Table, table } from "./document";
import {
  amountCell,
  durationCell,
  figureOf,
  number,
  rateCell,
  ratioText,
  shareCell,
  testsCell,
} from "./measures";
import type { Judged, Runs } from "./runs";
import { percent } from "./statistics";

/** The tables of results that the test plan leaves open, a case a row. */

export const bySoak = (name: string) => `npm run soak -- ${name}`;
export const byBench = (name: string) => `npm run bench -- ${name}`;
export const BY_TESTS = "npm test";
export const BY_ISOLATION = "npx doom verify --isolation --record";
export const BY_INTEROP = "npx doom verify --interop --record";

/** The row of a case: its name, what its figures come to, and the figures. */
function row(name: string, title: string, figures: readonly Cell[]): Cell[] {
  return [cell(name, { detail: title }), statusOf(figures), ...figures];
}

/** One miss is a miss; and what has a figure that nobody has measured has not passed. */
export function statusOf(figures: readonly Cell[]): Cell {
  const states = figures.map(({ state }) => state);
  if (states.includes("missed")) return cell("missed", { state: "missed" });
  if (!states.includes("missing")) return cell("passed", { state: "met" });
  const some = figures.some(({ runs }) => runs !== undefined);
  return some ? cell("in part", { state: "missing" }) : missing();
}

export function migrationTable(runs: Runs): Table {
  const configurations = runs.soak(CONFIGURATION_SOAK);
  const volumes = runs.soak(MIGRATION_SOAK);
  const copy = figureOf(runs.bench("migration"), "copy and proof");
  return table(
    ["Test case", "Status", "Migration time", "Data integrity", "Success rate"],
    [
      row("TC-56.1", "configuration", [
        durationCell(configurations, "configurations, each deployed", bySoak(CONFIGURATION_SOAK)),
        rateCell(
          configurations,
          "keep every setting, owner and password",
          bySoak(CONFIGURATION_SOAK),
        ),
        rateCell(configurations, "migrations", bySoak(CONFIGURATION_SOAK)),
      ]),
      row("TC-56.2", "volume data", [
        amountCell(copy, "copy and proof", byBench("migration")),
        rateCell(volumes, "equal by manifests made apart", bySoak(MIGRATION_SOAK)),
        rateCell(volumes, "migrations of random trees", bySoak(MIGRATION_SOAK)),
      ]),
    ],
  );
}

export function scalingTable(runs: Runs): Table {
  const limits = runs.bench("limits");
  return table(
    ["Test case", "Status", "Max instances", "Resource efficiency", "Performance impact"],
    [
      row("TC-57.1", "horizontal", [
        instancesCell(runs),
        memoryCell(runs.bench("scale")),
        throughGateway(runs.bench("load")),
      ]),
      row("TC-57.2", "vertical", [NONE, cpuCell(limits), hogCell(limits)]),
    ],
  );
}

const SIZE = /^up of (\d+)$/;

/** The most editors of one environment that were up at once in a benchmark. */
export function instancesCell(runs: Runs): Cell {
  const sizes = [...runs.bench("scale"), ...runs.bench("up")].flatMap((one) => {
    const size = SIZE.exec(one.judgement.figure)?.[1];
    return size === undefined ? [] : [{ ...one, size: Number(size) }];
  });
  const [largest] = sizes.sort((a, b) => b.size - a.size);
  if (largest === undefined) return missing(byBench("scale"));
  return cell(String(largest.size), {
    detail: `editors of one environment, all healthy, in ${largest.rounds} rounds`,
    runs: [largest.run],
    value: largest.size,
    sample: largest.rounds,
  });
}

/** Of the largest size: what the same containers take without us, as a share of what they take with us. */
function memoryCell(scale: readonly Judged[]): Cell {
  const found = scale.filter(({ judgement }) => /^memory of \d+$/.test(judgement.figure)).at(-1);
  if (found === undefined) return missing(byBench("scale"));
  const share = 1 / found.judgement.ratio.median;
  return cell(percent(share), {
    detail: `${found.judgement.peer}'s memory for ours, ${found.judgement.figure.replace("memory of ", "")} editors; median of ${found.rounds} rounds`,
    runs: [found.run],
    value: share,
    sample: found.rounds,
  });
}

function throughGateway(load: readonly Judged[]): Cell {
  const found = load
    .filter(({ judgement }) => /^http per answer of \d+$/.test(judgement.figure))
    .at(-1);
  if (found === undefined) return missing(byBench("load"));
  const { judgement, rounds, run } = found;
  return cell(ratioText(judgement.ratio), {
    detail: `time of an answer through the gateway for ${judgement.peer}, ${judgement.figure.replace("http per answer of ", "")} editors; median of ${rounds} rounds`,
    state: judgement.verdict === "exceeded" ? "missed" : "plain",
    runs: [run],
    value: judgement.ratio.median,
    sample: rounds,
  });
}

/** How much of twice the processor is had with twice the limit: the worst of the pairs. */
function cpuCell(limits: readonly Judged[]): Cell {
  const pairs = limits
    .filter(({ judgement }) => judgement.figure.startsWith("CPU time of "))
    .map((one) => ({ one, share: 1 / one.judgement.ratio.median / 2 }))
    .sort((a, b) => a.share - b.share);
  const worst = pairs[0];
  if (worst === undefined) return missing(byBench("limits"));
  const { judgement, rounds, run } = worst.one;
  return cell(percent(worst.share), {
    detail: `of the double work with the double limit (${judgement.figure.replace("CPU time of ", "")} to ${judgement.peer}), the worst of ${pairs.length} pairs; median of ${rounds} rounds`,
    state: pairs.some(({ one }) => one.judgement.verdict === "exceeded") ? "missed" : "plain",
    runs: [run],
    value: worst.share,
    sample: rounds,
  });
}

function hogCell(limits: readonly Judged[]): Cell {
  const found = figureOf(limits, "answer beside a hog");
  if (found === undefined) return missing(byBench("limits"));
  const { judgement, rounds, run } = found;
  return cell(ratioText(judgement.ratio), {
    detail: `time of an editor's answer beside one that takes all it gets; median of ${rounds} rounds`,
    state: judgement.verdict === "exceeded" ? "missed" : "plain",
    runs: [run],
    value: judgement.ratio.median,
    sample: rounds,
  });
}

export function interopTable(runs: Runs): Table {
  const data = testsCell(runs.tests(), FORMAT_TESTS, BY_TESTS);
  const broken = data.sample === undefined ? undefined : failuresOf(data);
  return table(
    ["Test case", "Status", "Components tested", "Compatibility score", "Issues found"],
    [
      row("TC-58.1", "services", interopCells(runs)),
      row("TC-58.2", "data formats", [
        data.sample === undefined
          ? missing(BY_TESTS)
          : cell(String(FORMAT_TESTS.length), {
              detail: "formats: stack file, flat settings, .env file, environment",
              runs: data.runs ?? [],
            }),
        data,
        broken === undefined
          ? missing(BY_TESTS)
          : cell(String(broken), { state: broken === 0 ? "met" : "missed", runs: data.runs ?? [] }),
      ]),
    ],
  );
}

const failuresOf = ({ sample = 0, value = 0 }: Cell) => sample - Math.round(sample * value);

function interopCells(runs: Runs): Cell[] {
  const last = runs.interop();
  if (last === undefined) return [BY_INTEROP, BY_INTEROP, BY_INTEROP].map(missing);
  const { checks, undeclared, stacks } = last.record;
  const parties = new Set(checks.flatMap(({ from, to }) => [from, to]));
  const failed = checks.filter(({ passed }) => !passed).length;
  const open = undeclared.filter(({ problems }) => problems.length > 0).length;
  return [
    cell(String(parties.size), {
      detail: `of ${stacks.join(", ")}`,
      runs: [last.number],
      value: parties.size,
    }),
    interopScore(runs),
    cell(String(failed + open), {
      detail: `${failed} of what is declared, ${open} of what is not`,
      state: failed + open === 0 ? "met" : "missed",
      runs: [last.number],
      value: failed + open,
    }),
  ];
}

/** As `doom verify --interop` counts: each way of each declared pair, and each pair that is not declared. */
export function interopScore(runs: Runs): Cell {
  const last = runs.interop();
  if (last === undefined) return missing(BY_INTEROP);
  const { checks, undeclared } = last.record;
  const passed =
    checks.filter((check) => check.passed).length +
    undeclared.filter(({ problems }) => problems.length === 0).length;
  return shareCell(passed, checks.length + undeclared.length, "ways and pairs, all of them", [
    last.number,
  ]);
}

export function upgradeTable(runs: Runs): Table {
  const upgrades = runs.soak(UPGRADE_SOAK);
  const kills = runs.soak(KILLS_SOAK);
  const chain = testsCell(runs.tests(), CHAIN_TESTS, BY_TESTS);
  return table(
    ["Test case", "Status", "Upgrade success", "Rollback success", "Data integrity"],
    [
      row("TC-59.1", "upgrade", [
        rateCell(upgrades, "upgrades", bySoak(UPGRADE_SOAK)),
        NONE,
        rateCell(upgrades, "equal by manifests made apart", bySoak(UPGRADE_SOAK)),
      ]),
      row("TC-59.2", "rollback", [
        NONE,
        rateCell(upgrades, "ways back", bySoak(UPGRADE_SOAK)),
        rateCell(upgrades, "with image, file and data as before", bySoak(UPGRADE_SOAK)),
      ]),
      row("TC-59.3", "versions in a chain, and killed upgrades", [
        chain,
        rateCell(kills, "killed upgrades set right by the next run", bySoak(KILLS_SOAK)),
        rateCell(kills, "equal after they were killed", bySoak(KILLS_SOAK)),
      ]),
    ],
  );
}

/** The pairs of the last proof over several environments. */
export function isolationCell(runs: Runs): Cell {
  const last = runs.isolation();
  if (last === undefined) return missing(BY_ISOLATION);
  const { pairs, counts, problems, shared, uncontrolled, missing: absent, stacks } = last.record;
  const good = pairs.filter(({ asDeclared }) => asDeclared).length;
  const probes = Object.values(counts).reduce((sum, one) => sum + one, 0);
  const whole = shareCell(
    good,
    pairs.length,
    `pairs of ${stacks.join(", ")} as declared, all of them, by ${number(probes)} probes`,
    [last.number],
  );
  const others = problems.length + shared.length + uncontrolled.length + absent.length;
  if (others === 0 || good < pairs.length) return whole;
  return { ...whole, state: "missed", detail: `${whole.detail}; ${others} other problems` };
}

export function isolationTable(runs: Runs): Table {
  return table(
    ["Test case", "Status", "Isolation quality", "Security score", "Workflow success"],
    [
      row("TC-60.1", "dev, staging, prod", [isolationCell(runs), NONE, NONE]),
      row("TC-60.2", "security boundaries", [
        sharedCell(runs),
        testsCell(runs.tests(), SECURITY_TESTS, BY_TESTS),
        NONE,
      ]),
      row("TC-60.3", "deployment workflow", [
        NONE,
        NONE,
        rateCell(
          runs.soak(PROMOTION_SOAK),
          "chains of promotions from dev to prod",
          bySoak(PROMOTION_SOAK),
        ),
      ]),
    ],
  );
}

/** Probes from one environment into another: how many were stopped. */
function sharedCell(runs: Runs): Cell {
  const last = runs.isolation();
  if (last === undefined) return missing(BY_ISOLATION);
  const { pairs, stacks } = last.record;
  const between = pairs.filter(({ from, to }) => {
    const [one, other] = [from, to].map((name) => environmentOf(name, stacks));
    return one !== undefined && other !== undefined && one !== other;
  });
  const good = between.filter(({ asDeclared }) => asDeclared).length;
  return shareCell(good, between.length, "pairs across environments as declared", [last.number]);
}

/** The environment whose container has this name: `doom-<stack>-…`; the longest name that fits. */
export function environmentOf(container: string, stacks: readonly string[]): string | undefined {
  return [...stacks]
    .sort((a, b) => b.length - a.length)
    .find((stack) => container.startsWith(`doom-${stack}-`));
}

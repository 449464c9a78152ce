import { AREAS, type Area, CONFIGURATION_SOAK, MIGRATION_SOAK, UPGRADE_SOAK } from "./areas";
import { type Cell, cell, missing, NONE, type Table, table } from "./document";
import { boundsCell, rateCell, shareCell, testsCell } from "./measures";
import {
  BY_TESTS,
  byBench,
  bySoak,
  instancesCell,
  interopScore,
  isolationCell,
  statusOf,
} from "./planTables";
import { isIsolated, type Runs } from "./runs";
import { passesNeeded, percent } from "./statistics";

/** The plan's two tables over all: the targets, and the five areas. */

const INSTANCES = 5;
const UPGRADES = 0.95;
const INTEROP = 0.9;

interface Target {
  readonly metric: string;
  readonly target: string;
  readonly achieved: Cell;
  /** Of a figure that was measured. */
  readonly isMet: boolean;
  /** Why it is not met though nothing failed. */
  readonly because?: string;
}

export function targetsTable(runs: Runs): Table {
  return table(
    ["Metric", "Target", "Achieved", "Status"],
    targetsOf(runs).map(({ metric, target, achieved, isMet, because }) => [
      cell(metric),
      cell(target),
      // What judges it is the target.
      achieved.state === "missing" ? achieved : { ...achieved, state: "plain" as const },
      verdict(achieved, isMet, because),
    ]),
  );
}

function verdict(achieved: Cell, isMet: boolean, because: string | undefined): Cell {
  if (achieved.state === "missing") return missing();
  if (isMet) return cell("met", { state: "met" });
  return cell("missed", { state: "missed", ...(because === undefined ? {} : { detail: because }) });
}

function targetsOf(runs: Runs): Target[] {
  const moved = migrations(runs);
  const instances = instancesCell(runs);
  const upgrades = rateCell(
    runs.soak(UPGRADE_SOAK),
    "upgrades and ways back",
    bySoak(UPGRADE_SOAK),
  );
  const isolation = isolationCell(runs);
  const interop = interopScore(runs);
  const isShown = (upgrades.atLeast ?? 0) > UPGRADES;
  return [
    { metric: "Data migration success", target: "100 %", achieved: moved, isMet: isAll(moved) },
    {
      metric: "Horizontal scaling",
      target: `${INSTANCES} instances`,
      achieved: instances,
      isMet: (instances.value ?? 0) >= INSTANCES,
    },
    {
      metric: "Upgrade success rate",
      target: `> ${percent(UPGRADES)}`,
      achieved: upgrades,
      isMet: isShown,
      ...(!isShown && isAll(upgrades)
        ? { because: `too few to show it: ${passesNeeded(UPGRADES)} in a row do` }
        : {}),
    },
    {
      metric: "Environment isolation",
      target: "100 %",
      achieved: isolation,
      isMet: isAll(isolation) && isolation.state === "met",
    },
    {
      metric: "Interoperability score",
      target: `> ${percent(INTEROP)}`,
      achieved: interop,
      isMet: (interop.value ?? 0) > INTEROP,
    },
  ];
}

const isAll = ({ value }: Cell) => value === 1;

/** Both kinds of migration have to have been measured: one alone says nothing of the other. */
function migrations(runs: Runs): Cell {
  const unmeasured = [CONFIGURATION_SOAK, MIGRATION_SOAK].find(
    (name) => runs.soak(name) === undefined,
  );
  if (unmeasured !== undefined) return missing(bySoak(unmeasured));
  return rateCell(
    runs.soaks([CONFIGURATION_SOAK, MIGRATION_SOAK]),
    "migrations of configurations and volumes",
    bySoak(MIGRATION_SOAK),
  );
}

export function areasTable(runs: Runs): Table {
  return table(
    ["Area", "Implementation", "Reliability", "Scalability", "Status"],
    AREAS.map((area) => {
      const figures = [
        testsCell(runs.tests(), area.tests, BY_TESTS),
        reliability(runs, area),
        area.benches.length === 0
          ? NONE
          : boundsCell(
              area.benches.flatMap((name) => runs.bench(name)),
              area.benches.map(byBench).join(", "),
            ),
      ];
      return [cell(area.name, { detail: area.section }), ...figures, statusOf(figures)];
    }),
  );
}

/** What was repeated; for what is proven as a whole, how many of the proofs came out as they should. */
function reliability(runs: Runs, { name, soaks }: Area): Cell {
  if (name === "Interoperability") {
    const all = runs.of("interop");
    const good = all.filter(
      ({ record }) =>
        record.checks.every(({ passed }) => passed) &&
        record.undeclared.every(({ problems }) => problems.length === 0),
    );
    if (all.length === 0) return missing("npx doom verify --interop --record");
    return shareCell(good.length, all.length, "recorded proofs without an issue", numbers(all));
  }
  if (name === "Environment isolation" && runs.soaks(soaks) === undefined) {
    const all = runs.of("isolation");
    const good = all.filter(({ record }) => isIsolated(record));
    if (all.length > 0)
      return shareCell(good.length, all.length, "recorded proofs as declared", numbers(all));
  }
  return rateCell(runs.soaks(soaks), "repetitions", soaks.map(bySoak).join(", "));
}

const numbers = (runs: readonly { readonly number: number }[]) => runs.map(({ number }) => number);

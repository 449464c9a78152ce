import { type Block, type Chart, type Report, type Section, type Table, text } from "./document";
import {
  memoryChart,
  migrationChart,
  reachabilityChart,
  scalingChart,
  upgradeChart,
} from "./drawings";
import { benchTable, runTables, soakTable, testsTable, timeText, trendTable } from "./evidence";
import {
  BY_TESTS,
  interopTable,
  isolationTable,
  migrationTable,
  scalingTable,
  upgradeTable,
} from "./planTables";
import type { RunRecord } from "./runRecord";
import { Runs } from "./runs";
import { areasTable, targetsTable } from "./scores";

/** The report of recorded runs, and of nothing else. */

export interface ReportMaker {
  /** ISO 8601. */
  readonly madeAt: string;
  /** The version of this program. */
  readonly doom: string;
}

/** Makes the report; with no records all of it is there, and says that nothing was measured. */
export function buildReport(
  records: readonly RunRecord[],
  { madeAt, doom }: ReportMaker,
  own: readonly Section[] = [],
): Report {
  const runs = new Runs(records);
  return {
    report: 1,
    title: "What was measured",
    madeAt,
    doom,
    summary: summaryOf(runs, madeAt),
    sections: [
      section("targets", "Targets", [text(RATES), targetsTable(runs)]),
      section("areas", "Areas", [text(AREAS_TEXT), areasTable(runs)]),
      section("migration", "Migration", [migrationTable(runs), migrationChart(runs)]),
      section("scaling", "Scaling", [scalingTable(runs), scalingChart(runs), memoryChart(runs)]),
      section("interoperability", "Interoperability", [interopTable(runs)]),
      section("upgrades", "Upgrades", [
        text(UPGRADES_TEXT),
        upgradeTable(runs),
        upgradeChart(runs),
      ]),
      section("isolation", "Isolation and workflow", [
        isolationTable(runs),
        reachabilityChart(runs),
        ...exposures(runs),
      ]),
      ...own,
      section("benchmarks", "Benchmarks", [orNothing(benchTable(runs), "npm run bench")]),
      section("repetitions", "Repetitions", [orNothing(soakTable(runs), "npm run soak -- NAME")]),
      section("tests", "Tests", [orNothing(testsTable(runs), BY_TESTS)]),
      section("trend", "Trend", [trendTable(runs) ?? text("Nothing was measured twice yet.")]),
      runsSection(runs),
    ],
  };
}

const RATES =
  "A rate of repetitions comes with how many there were and with its lower bound: one-sided, exact (Clopper and Pearson), at 95 % confidence. A share of something that was tried as a whole, such as a table of pairs, needs none. Numbers in brackets lead to the runs.";

const AREAS_TEXT =
  "Implementation: tests of the area that pass, of all that it has. Reliability: repetitions that succeed. Scalability: bounds of its benchmarks that hold.";

const UPGRADES_TEXT =
  "A repetition goes from one real version to another and back, with work before each, and fails as a whole when image, file, data or service is not what it has to be: so its columns share their sample.";

function section(id: string, title: string, blocks: readonly (Block | undefined)[]): Section {
  return { id, title, blocks: blocks.filter((block) => block !== undefined) };
}

function summaryOf({ all }: Runs, madeAt: string): string {
  const made = `Made ${timeText(madeAt)} UTC`;
  const [first, last] = [all[0]?.record.startedAt, all.at(-1)?.record.startedAt];
  if (first === undefined || last === undefined) return `${made}. No run was recorded yet.`;
  const runs = all.length === 1 ? "one recorded run" : `${all.length} recorded runs`;
  const when =
    all.length === 1 ? `of ${timeText(first)}` : `between ${timeText(first)} and ${timeText(last)}`;
  return `${made} from ${runs} ${when}. Whatever no run has measured is said to be not measured.`;
}

function orNothing(block: Table | Chart | undefined, command: string): Block {
  return block ?? text(`Not measured: ${command}.`);
}

/** What the declaration leaves open and is. */
function exposures(runs: Runs): Block[] {
  const open = runs.isolation()?.record.exposures ?? [];
  return open.length === 0
    ? []
    : [text(`Left open by the declaration, and open: ${open.join("; ")}.`)];
}

function runsSection(runs: Runs): Section {
  const tables = runTables(runs);
  if (tables === undefined) {
    return section("runs", "Runs", [
      text(
        "No run was recorded yet. These leave records: npm test, npm run bench, npm run soak, and npx doom verify --isolation --record or --interop --record.",
      ),
    ]);
  }
  return section("runs", "Runs", [
    text(
      "Every figure comes from one of these. Load is how many processes ran on average at the end.",
    ),
    tables.runs,
    tables.settings,
  ]);
}

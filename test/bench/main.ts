import { parseArgs } from "node:util";
import { allHeld, type Comparison, judge } from "../../checks/benchVerdict";
import { findEngine } from "../../operations/engine";
import { errorText } from "../../operations/failure";
import { findProject, type Project } from "../../operations/project";
import { keepRun } from "../../operations/runRecords";
import type { Group } from "./group";
import { limitsGroup } from "./limits";
import { loadGroup } from "./load";
import { migrationGroup } from "./migration";
import { previewGroup } from "./preview";
import { scaleGroup } from "./scale";
import { renderTable } from "./table";
import { upGroup } from "./up";
import { upgradeGroup } from "./upgrade";
import { composeVersion } from "./versions";

/** Exit codes: 0 every bound is held, 1 one is not or a figure could not be measured, 2 wrong usage. */

const GROUPS: readonly Group[] = [
  previewGroup,
  upGroup,
  migrationGroup,
  upgradeGroup,
  limitsGroup,
  loadGroup,
  scaleGroup,
];

const USAGE = [
  "usage: npm run bench -- [NAME ...] [--rounds N]",
  "",
  ...GROUPS.map(({ name, summary, rounds }) => `  ${name}  ${summary} (${rounds} rounds)`),
  "",
].join("\n");

interface Wanted {
  readonly groups: readonly Group[];
  readonly rounds: number | undefined;
}

function readArguments(words: readonly string[]): Wanted {
  const { positionals, values } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: { rounds: { type: "string" } },
  });
  const unknown = positionals.filter((name) => !GROUPS.some((group) => group.name === name));
  if (unknown.length > 0) throw new Error(`there is no group ${unknown.join(", ")}`);
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0)) {
    throw new Error(`--rounds takes a whole number above 0, not ${values.rounds}`);
  }
  const chosen = GROUPS.filter(({ name }) => positionals.includes(name));
  return { groups: positionals.length === 0 ? GROUPS : chosen, rounds };
}

/** Measures one group, prints and keeps its figures; whether every bound is held. */
async function runGroup(
  group: Group,
  wanted: Wanted,
  project: Project,
  signal: AbortSignal,
): Promise<boolean> {
  const startedAt = new Date();
  const rounds = wanted.rounds ?? group.rounds;
  const report = (line: string) => process.stdout.write(`${group.name}: ${line}\n`);
  const engine = await findEngine(project);
  const comparisons = await group.measure({ engine, rounds, signal, report });
  const judgements = comparisons.map(judge);
  const command = ["npm run bench --", ...process.argv.slice(2)].join(" ");
  const versions = { "docker-compose": await composeVersion() };
  const file = await keepRun(
    project,
    { command, startedAt, versions },
    { kind: "bench", name: group.name, rounds, comparisons: keptOf(comparisons) },
  );
  const remark = group.remark === undefined ? "" : `${group.name}: ${group.remark}\n`;
  process.stdout.write(
    `\n${renderTable(judgements)}\n\n${remark}${group.name}: kept in ${file}\n\n`,
  );
  return allHeld(judgements);
}

/** As a record holds them. */
function keptOf(comparisons: readonly Comparison[]) {
  return comparisons.map(({ ours, theirs, ...more }) => ({
    ...more,
    ours: [...ours],
    theirs: [...theirs],
  }));
}

async function main(): Promise<number> {
  let wanted: Wanted;
  try {
    wanted = readArguments(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`bench: ${errorText(error)}\n\n${USAGE}`);
    return 2;
  }
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => controller.abort(new Error(`interrupted by ${name}`)));
  }
  const project = findProject(__dirname);
  let held = true;
  for (const group of wanted.groups) {
    if (!(await runGroup(group, wanted, project, controller.signal))) held = false;
  }
  process.stdout.write(held ? "bench: every bound is held\n" : "bench: a bound is NOT held\n");
  return held ? 0 : 1;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`bench: ${errorText(error)}\n`);
    process.exitCode = 1;
  },
);

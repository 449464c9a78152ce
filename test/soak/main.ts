import { randomInt } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import {
  closingLine,
  nextSeed,
  resumed,
  type SoakProgress,
  type SoakRequest,
} from "../../checks/soakProgress";
import { errorText } from "../../operations/failure";
import { findProject, type Project } from "../../operations/project";
import { keepRun } from "../../operations/runRecords";
import type { Attempt } from "../../report/runRecord";
import { configurationsSoak } from "./configurations";
import { idleWebSocketSoak } from "./idleWebSocket";
import { migrationSoak } from "./migration";
import { promotionsSoak } from "./promotions";
import type { Soak } from "./soak";
import { upgradeSoak } from "./upgrade";
import { upgradeKillsSoak } from "./upgradeKills";

/** Exit codes: 0 every time passed, 1 one did not or the run was interrupted, 2 wrong usage. */

const SOAKS: readonly Soak[] = [
  configurationsSoak,
  idleWebSocketSoak,
  migrationSoak,
  promotionsSoak,
  upgradeSoak,
  upgradeKillsSoak,
];

const USAGE = [
  "usage: npm run soak -- NAME [--count N] [--seed N]",
  "",
  "An interrupted or failed run goes on where it was when it is started again in the same way.",
  "",
  ...SOAKS.map(({ name, summary, count }) => `  ${name}  ${summary} (${count} times)`),
  "",
].join("\n");

const SEEDS = 1_000_000;

function readArguments(words: readonly string[]): { soak: Soak; request: SoakRequest } {
  const { positionals, values } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: { count: { type: "string" }, seed: { type: "string" } },
  });
  const soak = SOAKS.find(({ name }) => name === positionals[0]);
  if (soak === undefined || positionals.length !== 1) {
    throw new Error(`name one of ${SOAKS.map(({ name }) => name).join(", ")}`);
  }
  const count = wholeNumber("--count", values.count) ?? soak.count;
  const seed = wholeNumber("--seed", values.seed);
  return { soak, request: { soak: soak.name, count, ...(seed === undefined ? {} : { seed }) } };
}

function wholeNumber(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new Error(`${option} takes a whole number above 0, not ${text}`);
}

/** Where a run is kept. */
interface Place {
  readonly project: Project;
  /** How far the request is, to go on from. */
  readonly file: string;
}

/** Does what is left, and keeps how far it is after each time; gives how many times failed. */
async function run(soak: Soak, start: SoakProgress, { project, file }: Place): Promise<number> {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => controller.abort(new Error(`interrupted by ${name}`)));
  }
  const { signal } = controller;
  const report = (line: string) => process.stdout.write(`${soak.name}: ${line}\n`);
  report(`seed ${start.seed}, ${start.passed.length} of ${start.count} passed earlier`);
  let progress = start;
  const startedAt = new Date();
  const attempts: Attempt[] = [];
  const { once, end } = await soak.begin({ signal, report });
  let began = Date.now();
  const attempt = (more: Pick<Attempt, "passed" | "what" | "timings">) =>
    attempts.push({ seed: nextSeed(progress), seconds: (Date.now() - began) / 1000, ...more });
  try {
    while (progress.passed.length < progress.count) {
      signal.throwIfAborted();
      const seed = nextSeed(progress);
      began = Date.now();
      const pass = await once(seed);
      const { what, ...timed } = typeof pass === "string" ? { what: pass } : pass;
      attempt({ passed: true, what, ...timed });
      const done = `seed ${seed}: ${what} (${((Date.now() - began) / 1000).toFixed(1)} s)`;
      progress = { ...progress, passed: [...progress.passed, done] };
      writeFileSync(file, `${JSON.stringify(progress, null, 2)}\n`);
      report(`${progress.passed.length}/${progress.count}, ${done}`);
    }
    process.stdout.write(`${closingLine(progress, 0)}\n`);
    return 0;
  } catch (error) {
    // What was interrupted neither passed nor failed.
    if (!signal.aborted) attempt({ passed: false, what: firstLine(errorText(error)) });
    process.stderr.write(`seed ${nextSeed(progress)}: ${errorText(error)}\n`);
    process.stdout.write(`${closingLine(progress, signal.aborted ? 0 : 1)}\n`);
    return 1;
  } finally {
    await end();
    const command = ["npm run soak --", ...process.argv.slice(2)].join(" ");
    const { name, seed, count } = { ...start, name: start.soak };
    const result = { kind: "soak", name, seed, count, attempts } as const;
    report(`kept in ${await keepRun(project, { command, startedAt }, result)}`);
  }
}

const LINE = 300;

const firstLine = (text: string) => (text.split("\n")[0] || "without a reason").slice(0, LINE);

async function main(): Promise<number> {
  let wanted: ReturnType<typeof readArguments>;
  try {
    wanted = readArguments(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`soak: ${errorText(error)}\n\n${USAGE}`);
    return 2;
  }
  const { soak, request } = wanted;
  const project = findProject(__dirname);
  const folder = path.join(project.root, "reports", "soak");
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${soak.name}.json`);
  const earlier = existsSync(file)
    ? (JSON.parse(readFileSync(file, "utf8")) as SoakProgress)
    : undefined;
  return run(soak, resumed(earlier, request, randomInt(1, SEEDS)), { project, file });
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`soak: ${errorText(error)}\n`);
    process.exitCode = 1;
  },
);

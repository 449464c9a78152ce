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
import { findProject } from "../../operations/project";
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

/** Does what is left, and keeps how far it is after each time; gives how many times failed. */
async function run(soak: Soak, start: SoakProgress, file: string): Promise<number> {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => controller.abort(new Error(`interrupted by ${name}`)));
  }
  const { signal } = controller;
  const report = (line: string) => process.stdout.write(`${soak.name}: ${line}\n`);
  report(`seed ${start.seed}, ${start.passed.length} of ${start.count} passed earlier`);
  let progress = start;
  const { once, end } = await soak.begin({ signal, report });
  try {
    while (progress.passed.length < progress.count) {
      signal.throwIfAborted();
      const seed = nextSeed(progress);
      const began = Date.now();
      const done = `seed ${seed}: ${await once(seed)} (${((Date.now() - began) / 1000).toFixed(1)} s)`;
      progress = { ...progress, passed: [...progress.passed, done] };
      writeFileSync(file, `${JSON.stringify(progress, null, 2)}\n`);
      report(`${progress.passed.length}/${progress.count}, ${done}`);
    }
    process.stdout.write(`${closingLine(progress, 0)}\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`seed ${nextSeed(progress)}: ${errorText(error)}\n`);
    process.stdout.write(`${closingLine(progress, signal.aborted ? 0 : 1)}\n`);
    return 1;
  } finally {
    await end();
  }
}

async function main(): Promise<number> {
  let wanted: ReturnType<typeof readArguments>;
  try {
    wanted = readArguments(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`soak: ${errorText(error)}\n\n${USAGE}`);
    return 2;
  }
  const { soak, request } = wanted;
  const folder = path.join(findProject(__dirname).root, "reports", "soak");
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${soak.name}.json`);
  const earlier = existsSync(file)
    ? (JSON.parse(readFileSync(file, "utf8")) as SoakProgress)
    : undefined;
  return run(soak, resumed(earlier, request, randomInt(1, SEEDS)), file);
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

import type { RunBase, RunOf, RunRecord } from "../../report/runRecord";

/** Run records for tests. Invented: no figure in them was ever measured. */

export const BASE: RunBase = {
  run: 1,
  command: "npm run bench",
  startedAt: "2026-11-01T10:00:00.000Z",
  seconds: 12.5,
  machine: { cores: 2, processor: "Sample", memoryMebibytes: 4096, kernel: "6.1", load: 1.5 },
  versions: { "doom-coding": "0.1.0", docker: "20.10.24" },
};

type Comparison = RunOf<"bench">["comparisons"][number];

export function compared(
  figure: string,
  ratio: number,
  more: Partial<Comparison> = {},
): Comparison {
  return { figure, ours: [ratio * 1000], peer: "peer", theirs: [1000], ...more };
}

export function benchRun(
  name: string,
  comparisons: Comparison[],
  more: Partial<RunOf<"bench">> = {},
): RunOf<"bench"> {
  return { ...BASE, kind: "bench", name, rounds: 1, comparisons, ...more };
}

/** So many attempts that passed and so many that failed after them. */
export function soakRun(
  name: string,
  [passed, failed]: readonly [number, number],
  more: Partial<RunOf<"soak">> = {},
): RunOf<"soak"> {
  const attempts = Array.from({ length: passed + failed }, (_, at) => ({
    seed: at + 1,
    passed: at < passed,
    seconds: 10 + at,
    what: at < passed ? "went well" : "went wrong",
  }));
  return { ...BASE, kind: "soak", name, seed: 1, count: passed + failed || 1, attempts, ...more };
}

const counts = (OPEN: number, REFUSED: number) => ({ OPEN, REFUSED, TIMEOUT: 0, DNS: 0, ERROR: 0 });

export const isolationRun: RunOf<"isolation"> = {
  ...BASE,
  command: "npx doom verify --isolation --record",
  kind: "isolation",
  stacks: ["dev", "prod"],
  stations: ["host", "doom-dev-gateway", "doom-prod-gateway"],
  counts: counts(3, 5),
  pairs: [
    { from: "host", to: "doom-dev-gateway", counts: counts(3, 0), asDeclared: true },
    { from: "doom-dev-gateway", to: "doom-prod-gateway", counts: counts(0, 4), asDeclared: true },
    { from: "doom-prod-gateway", to: "doom-dev-gateway", counts: counts(0, 1), asDeclared: true },
  ],
  problems: [],
  shared: [],
  controls: 2,
  uncontrolled: [],
  missing: [],
  exposures: ["port 22 of the host is open to doom-dev-gateway"],
};

export const interopRun: RunOf<"interop"> = {
  ...BASE,
  command: "npx doom verify --interop --record",
  kind: "interop",
  stacks: ["dev"],
  checks: [
    { stack: "dev", from: "operator", to: "doom-dev-gateway", way: "http", passed: true },
    { stack: "dev", from: "operator", to: "doom-dev-gateway", way: "tcp", passed: true },
  ],
  undeclared: [{ from: "doom-dev-gateway", to: "doom-dev-tailscale", probes: 4, problems: [] }],
};

export function testsRun(
  files: readonly (readonly [project: string, file: string, passed: number, failed?: number])[],
): RunOf<"tests"> {
  return {
    ...BASE,
    command: "npm test",
    kind: "tests",
    unhandled: 0,
    files: files.map(([project, file, passed, failed = 0]) => ({
      project,
      file,
      passed,
      failed,
      skipped: 0,
      seconds: 2,
    })),
  };
}

/** One run of every kind in which all went well. */
export const SAMPLE_RUNS: readonly RunRecord[] = [
  benchRun("scale", [
    compared("up of 1", 1.5),
    compared("up of 50", 1.2, { bound: 2 }),
    compared("memory of 1", 1.25, { unit: "bytes" }),
    compared("memory of 50", 1.25, { unit: "bytes" }),
  ]),
  benchRun("migration", [compared("copy and proof", 0.5, { bound: 0.7 })]),
  benchRun("limits", [
    compared("CPU time of 0.5 CPUs", 0.5),
    compared("answer beside a hog", 1.25),
  ]),
  benchRun("load", [compared("http per answer of 5", 1.1, { unit: "fewMilliseconds" })]),
  soakRun("configurations", [10, 0]),
  soakRun("migration", [30, 0]),
  soakRun("upgrade", [59, 0]),
  soakRun("upgrade-kills", [20, 0]),
  soakRun("promotions", [20, 0]),
  isolationRun,
  interopRun,
  testsRun([
    ["stack", "test/stack/leakScan.test.ts", 4],
    ["stack", "test/stack/upgradeChain.test.ts", 2],
    ["unit", "checks/dataFormats.test.ts", 7],
  ]),
];

/** A record as JSON that anything can be done to. */
export const loose = (record: RunRecord) =>
  JSON.parse(JSON.stringify(record)) as Record<string, unknown>;

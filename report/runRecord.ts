import { z } from "zod";
import { formatPath, looksSecret, showValue } from "../config/problems";

/**
 * What a run leaves for the report: a file of its own in `reports/runs`, written once and never changed.
 *
 * Everything in it was measured or asked in that run. Times of day are ISO 8601 in UTC, durations seconds unless
 * the name says otherwise.
 */

/** The version of the layout; a later one is refused, since its figures may mean something else. */
export const RUN_VERSION = 1;

const text = z.string().min(1);
const count = z.int().min(0);
const duration = z.number().min(0);

const machineSchema = z.strictObject({
  cores: z.int().min(1),
  processor: text,
  memoryMebibytes: z.int().min(1),
  kernel: text,
  /** Average number of running processes in the minute before the end: who else used the cores. */
  load: z.number().min(0),
});

const common = {
  run: z.literal(RUN_VERSION),
  /** What was typed. */
  command: text,
  startedAt: z.iso.datetime(),
  seconds: duration,
  machine: machineSchema,
  /** Of what takes part, by name. */
  versions: z.record(text, text),
};

const samples = z.array(z.number().positive()).min(1);

/** See `checks/benchVerdict.ts`. */
const comparisonSchema = z.strictObject({
  figure: text,
  ours: samples,
  peer: text,
  theirs: samples,
  unit: z.enum(["milliseconds", "fewMilliseconds", "bytes"]).exactOptional(),
  bound: z.number().exactOptional(),
  boundOfExtra: z.number().exactOptional(),
});

const benchSchema = z.strictObject({
  ...common,
  kind: z.literal("bench"),
  /** Its group. */
  name: text,
  rounds: z.int().min(1),
  comparisons: z.array(comparisonSchema).min(1),
});

const attemptSchema = z.strictObject({
  seed: count,
  passed: z.boolean(),
  seconds: duration,
  /** What was done, or why it failed, in a sentence. */
  what: text,
  /** Milliseconds of its stages, by name, in their order. */
  timings: z.record(text, duration).exactOptional(),
});

const soakSchema = z.strictObject({
  ...common,
  kind: z.literal("soak"),
  name: text,
  /** Of the first time; a run that goes on where an earlier one was interrupted has the same one. */
  seed: count,
  /** How many times there are to be. */
  count: z.int().min(1),
  /** Those of this run only. */
  attempts: z.array(attemptSchema),
});

const outcomes = z.strictObject({
  OPEN: count,
  REFUSED: count,
  TIMEOUT: count,
  DNS: count,
  ERROR: count,
});

const isolationSchema = z.strictObject({
  ...common,
  kind: z.literal("isolation"),
  stacks: z.array(text).min(1),
  stations: z.array(text).min(1),
  counts: outcomes,
  pairs: z
    .array(z.strictObject({ from: text, to: text, counts: outcomes, asDeclared: z.boolean() }))
    .min(1),
  problems: z.array(text),
  shared: z.array(text),
  /** How many targets were shown to be reachable at all, and those that were not. */
  controls: count,
  uncontrolled: z.array(text),
  missing: z.array(text),
  exposures: z.array(text),
});

const interopSchema = z.strictObject({
  ...common,
  kind: z.literal("interop"),
  stacks: z.array(text).min(1),
  checks: z
    .array(z.strictObject({ stack: text, from: text, to: text, way: text, passed: z.boolean() }))
    .min(1),
  undeclared: z.array(
    z.strictObject({ from: text, to: text, probes: count, problems: z.array(text) }),
  ),
});

const testsSchema = z.strictObject({
  ...common,
  kind: z.literal("tests"),
  /** Errors outside of any test. */
  unhandled: count,
  files: z
    .array(
      z.strictObject({
        project: text,
        /** Below the project's folder. */
        file: text,
        passed: count,
        failed: count,
        skipped: count,
        seconds: duration,
      }),
    )
    .min(1),
});

const runSchema = z.discriminatedUnion("kind", [
  benchSchema,
  soakSchema,
  isolationSchema,
  interopSchema,
  testsSchema,
]);

export type RunRecord = z.infer<typeof runSchema>;
export type Machine = z.infer<typeof machineSchema>;
export type Attempt = z.infer<typeof attemptSchema>;
export type RunOf<Kind extends RunRecord["kind"]> = Extract<RunRecord, { kind: Kind }>;
/** What is the same for all. */
export type RunBase = Pick<
  RunRecord,
  "run" | "command" | "startedAt" | "seconds" | "machine" | "versions"
>;
/** What only the run itself knows. */
export type RunResult = {
  [Kind in RunRecord["kind"]]: Omit<RunOf<Kind>, keyof RunBase>;
}[RunRecord["kind"]];

/** A file is no run record that this program can read. */
export class RunRecordError extends Error {}

/** The record in a file's text. Throws a {@link RunRecordError} that completes "the record NAME …". */
export function parseRun(content: string): RunRecord {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    // The parser's message would quote the content.
    throw new RunRecordError("is cut off or altered: not JSON");
  }
  const version = (value as { run?: unknown } | null)?.run;
  if (typeof version !== "number") {
    throw new RunRecordError("is no run record: it has no number `run`");
  }
  if (version !== RUN_VERSION) {
    throw new RunRecordError(`has version ${version}; this doom reads version ${RUN_VERSION}`);
  }
  const secret = findSecret(value);
  if (secret !== undefined) {
    throw new RunRecordError(`holds something that looks like a secret at ${secret}`);
  }
  const parsed = runSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new RunRecordError(`does not fit: ${describeIssue(issue, value)}`);
  }
  const uneven = unevenFigure(parsed.data);
  if (uneven !== undefined) {
    throw new RunRecordError(`does not fit: ${uneven} has not the same number of samples twice`);
  }
  return parsed.data;
}

function describeIssue(issue: z.core.$ZodIssue | undefined, value: unknown): string {
  if (issue === undefined) return "no reason was given";
  const at = formatPath(issue.path).replace(/^\./, "") || "the whole";
  if (issue.code === "unrecognized_keys") return `${at}: unknown key ${issue.keys.join(", ")}`;
  const given = issue.path.reduce<unknown>(
    (current, part) => (current as Record<PropertyKey, unknown> | null | undefined)?.[part],
    value,
  );
  return `${at}: ${issue.message}; it is ${showValue(given)}`;
}

/** Ratios are made round by round. */
function unevenFigure(record: RunRecord): string | undefined {
  if (record.kind !== "bench") return undefined;
  return record.comparisons.find(({ ours, theirs }) => ours.length !== theirs.length)?.figure;
}

/** Where a text, or the name of a key, looks like a secret; undefined when none does. */
function findSecret(value: unknown, path: readonly PropertyKey[] = []): string | undefined {
  if (typeof value === "string") {
    return looksSecret(value) ? formatPath(path).replace(/^\./, "") : undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    // A name that is a secret must not be shown either.
    if (looksSecret(key)) return `a key of ${formatPath(path).replace(/^\./, "") || "the whole"}`;
    const found = findSecret(inner, [...path, Array.isArray(value) ? Number(key) : key]);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * The text of a record's file, with every text in it that looks like a secret taken out: a failure's message may
 * quote what it was given. Throws a {@link RunRecordError} for what could not be read again.
 */
export function renderRun(record: RunRecord): string {
  const clean = (_: string, value: unknown) =>
    typeof value === "string" && looksSecret(value)
      ? "text that looked like a secret (not kept)"
      : value;
  const content = `${JSON.stringify(record, clean, 2)}\n`;
  parseRun(content);
  return content;
}

/** What a record is called in a list: `bench scale`, `isolation of dev, prod`. */
export function titleOf(record: RunRecord): string {
  if (record.kind === "bench" || record.kind === "soak") return `${record.kind} ${record.name}`;
  if (record.kind === "tests") return "tests";
  return `${record.kind} of ${record.stacks.join(", ")}`;
}

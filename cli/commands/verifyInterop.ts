import { type InteropCheck, scoreOf, WAYS } from "../../checks/interop";
import { Failure } from "../../operations/failure";
import { type InteropProof, proveInterop } from "../../operations/interop";
import type { RunBase, RunOf } from "../../report/runRecord";
import type { CommandContext } from "../engineRun";
import { EXIT_CODES } from "../exitCodes";
import type { Outcome } from "../output";
import { recorded } from "../recorded";
import { table } from "../text";
import { chosenEnvironments } from "../verifiedEnvironments";

/** `doom verify [stack...] --interop`: the compatibility matrix; without names, of all that run. */
export async function verifyInterop(
  stacks: readonly string[],
  record: boolean,
  { display, interrupts }: CommandContext,
): Promise<Outcome> {
  const startedAt = new Date();
  display.enter("looking at what runs");
  const environments = await chosenEnvironments(stacks);
  const names = [...environments.keys()];
  let step = "";
  display.enter(`asking all parts of ${names.join(", ")}`, () => step);
  const proof = await proveInterop({
    environments,
    report: (text) => {
      step = text;
    },
  });
  display.stop();
  if (interrupts.received) {
    throw new Failure("interrupted", "Interrupted; nothing is proven.");
  }
  const outcome = describeInterop(names, proof);
  if (!record) return outcome;
  return recorded(outcome, { question: "interop", stacks, startedAt }, interopRun(names, proof));
}

/** The proof as a record of it. */
export function interopRun(
  stacks: readonly string[],
  { checks, undeclared }: InteropProof,
): Omit<RunOf<"interop">, keyof RunBase> {
  return {
    kind: "interop",
    stacks: [...stacks],
    checks: checks.map(({ stack, from, to, way, passed }) => ({ stack, from, to, way, passed })),
    undeclared: undeclared.map((pair) => ({ ...pair, problems: [...pair.problems] })),
  };
}

/** The matrix of declared pairs, what does not work, the other pairs, and how much of all is as it should be. */
export function describeInterop(stacks: readonly string[], proof: InteropProof): Outcome {
  const { checks, undeclared, engineVersion } = proof;
  const score = scoreOf(proof);
  const compatible = score.passed === score.total;
  const failed = checks.filter(({ passed }) => !passed);
  const reached = undeclared.filter(({ problems }) => problems.length > 0);
  const probes = undeclared.reduce((sum, pair) => sum + pair.probes, 0);
  const text = [
    table([["FROM", "TO", ...WAYS.map((way) => way.toUpperCase())], ...rowsOf(checks)]),
    `undeclared pairs: ${undeclared.length - reached.length} of ${undeclared.length} reach nothing of each other (${probes} probes)`,
    ...failed.map(({ from, to, way, evidence }) => `FAILED: ${from} to ${to}, ${way}: ${evidence}`),
    ...reached.map(
      ({ from, to, problems }) =>
        `FAILED: ${from} to ${to}, an undeclared pair: ${problems[0]}${problems.length > 1 ? `; and ${problems.length - 1} more` : ""}`,
    ),
    `${stacks.join(", ")}: ${score.percent.toFixed(1)} % interoperable (${score.passed} of ${score.total}), engine ${engineVersion}.`,
  ].join("\n");
  return {
    text,
    data: { compatible, stacks, engineVersion, score, checks, undeclared },
    ...(compatible ? {} : { exitCode: EXIT_CODES.interop }),
  };
}

function rowsOf(checks: readonly InteropCheck[]): string[][] {
  const pairs = new Map<string, InteropCheck[]>();
  for (const check of checks) {
    // Every environment has an operator of its own.
    const key = `${check.stack} ${check.from} ${check.to}`;
    pairs.set(key, [...(pairs.get(key) ?? []), check]);
  }
  return [...pairs.values()].map((ways) => {
    const { from, to, stack } = ways[0] as InteropCheck;
    const cells = WAYS.map((way) => {
      const check = ways.find((one) => one.way === way);
      if (check === undefined) return "-";
      return check.passed ? "ok" : "FAILED";
    });
    return [from === "operator" ? `operator of ${stack}` : from, to, ...cells];
  });
}

import { isolationProblems, notAsDeclared } from "../../checks/isolationProblems";
import { isProven, OUTCOMES, type Pair } from "../../checks/reachability";
import { Failure } from "../../operations/failure";
import { proveReachability, type ReachabilityProof } from "../../operations/reachability";
import type { RunBase, RunOf } from "../../report/runRecord";
import type { CommandContext } from "../engineRun";
import { EXIT_CODES } from "../exitCodes";
import type { Outcome } from "../output";
import { recorded } from "../recorded";
import { table } from "../text";
import { chosenEnvironments } from "../verifiedEnvironments";

/**
 * `doom verify [stack...] --isolation`: who reaches whom, tried out, against what is declared.
 *
 * Without names it takes every environment of the project that runs.
 */
export async function verifyIsolation(
  stacks: readonly string[],
  record: boolean,
  { display, interrupts }: CommandContext,
): Promise<Outcome> {
  const startedAt = new Date();
  display.enter("looking at what runs");
  const chosen = await chosenEnvironments(stacks);
  const names = [...chosen.keys()];
  let step = "";
  display.enter(`proving the isolation of ${names.join(", ")}`, () => step);
  const proof = await proveReachability({
    environments: new Map([...chosen].map(([stack, { config }]) => [stack, config])),
    report: (text) => {
      step = text;
    },
  });
  display.stop();
  if (interrupts.received) {
    throw new Failure("interrupted", "Interrupted; nothing was changed, and nothing is proven.");
  }
  const outcome = describeIsolation(names, proof);
  if (!record) return outcome;
  const result = isolationRun(names, proof);
  return recorded(outcome, { question: "isolation", stacks, startedAt }, result);
}

/** The proof as a record of it: every pair, and in words what is not as declared. */
export function isolationRun(
  stacks: readonly string[],
  proof: ReachabilityProof,
): Omit<RunOf<"isolation">, keyof RunBase> {
  const { pairs, counts, problems, controls, exposures, missing, shared, stations } = proof;
  const uncontrolled = controls.filter(({ by }) => by === undefined).map(({ target }) => target);
  return {
    kind: "isolation",
    stacks: [...stacks],
    stations: [...stations],
    counts: { ...counts },
    pairs: pairs.map((pair) => ({ ...pair, counts: { ...pair.counts } })),
    problems: notAsDeclared(problems),
    shared: shared.map(({ kind, thing, between }) => `${kind} ${thing}: ${between.join(", ")}`),
    controls: controls.length - uncontrolled.length,
    uncontrolled,
    missing: [...missing],
    exposures: [...exposures],
  };
}

/** The table of all pairs, what is not as declared, and the verdict. */
export function describeIsolation(stacks: readonly string[], proof: ReachabilityProof): Outcome {
  const { answered, pairs, counts, problems, controls, exposures, missing, shared } = proof;
  const isolated = isProven(proof);
  const text = [
    table([["FROM", "TO", ...OUTCOMES, "AS DECLARED"], ...pairs.map(toRow)]),
    ...isolationProblems(proof),
    ...exposures.map((exposure) => `note: ${exposure}`),
    verdict(stacks, proof, isolated),
  ].join("\n");
  return {
    text,
    data: {
      isolated,
      stacks,
      engineVersion: proof.engineVersion,
      stations: proof.stations,
      counts,
      pairs,
      problems: problems.map(({ cell, result, problem }) => ({ ...cell, result, problem })),
      shared,
      controls,
      missing,
      exposures,
      cells: answered.map(({ cell, result }) => ({ ...cell, result })),
    },
    ...(isolated ? {} : { exitCode: EXIT_CODES.isolation }),
  };
}

function toRow({ from, to, counts, asDeclared }: Pair): string[] {
  const cells = OUTCOMES.map((outcome) => (counts[outcome] === 0 ? "-" : String(counts[outcome])));
  return [from, to, ...cells, asDeclared ? "yes" : "NO"];
}

function verdict(
  stacks: readonly string[],
  { answered, pairs, counts, problems, controls, engineVersion }: ReachabilityProof,
  isolated: boolean,
): string {
  const asked = `${answered.length} probes in ${pairs.length} pairs on engine ${engineVersion}`;
  if (isolated) {
    return `${stacks.join(", ")}: isolated as declared; ${asked}, ${counts.ERROR} errors, ${controls.length} positive controls.`;
  }
  return `${stacks.join(", ")}: NOT proven to be isolated as declared; ${asked}, ${problems.length} not as declared, ${counts.ERROR} of them errors.`;
}

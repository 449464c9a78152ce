import { isolationProblems } from "../../checks/isolationProblems";
import { isProven, OUTCOMES, type Pair } from "../../checks/reachability";
import { Failure } from "../../operations/failure";
import { proveReachability, type ReachabilityProof } from "../../operations/reachability";
import type { CommandContext } from "../engineRun";
import { EXIT_CODES } from "../exitCodes";
import type { Outcome } from "../output";
import { table } from "../text";
import { chosenEnvironments } from "../verifiedEnvironments";

/**
 * `doom verify [stack...] --isolation`: who reaches whom, tried out, against what is declared.
 *
 * Without names it takes every environment of the project that runs.
 */
export async function verifyIsolation(
  stacks: readonly string[],
  { display, interrupts }: CommandContext,
): Promise<Outcome> {
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
  return describeIsolation(names, proof);
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

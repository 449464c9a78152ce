import type { Answered, Reachability } from "./reachability";

/**
 * Why a proof of isolation is none, a line each; empty when it is one. What says most comes first.
 *
 * One line for each pair and way, since one hole opens dozens of cells.
 */
export function isolationProblems(proof: Reachability): string[] {
  const { problems, shared, controls, missing } = proof;
  return [
    ...shared.map(
      ({ kind, thing, between }) => `SHARED ${kind}: ${thing}, between ${between.join(" and ")}`,
    ),
    ...notAsDeclared([
      ...problems.filter((one) => !hasFailed(one)),
      ...problems.filter((one) => hasFailed(one)),
    ]),
    ...controls
      .filter(({ by }) => by === undefined)
      .map(({ target }) => `NOT PROVEN: nothing that may reaches ${target}`),
    ...missing.map((name) => `NOT PROVEN: ${name} is declared and does not run`),
  ];
}

/** Whether the probe itself failed, which is no answer. */
const hasFailed = ({ result }: Answered) => result.outcome === "ERROR";

/** Whether something that is declared closed is open. */
const isHole = ({ cell, result }: Answered) =>
  cell.expected === "closed" && cell.via !== "name" && result.outcome === "OPEN";

/** The ports of probes are others in each proof. */
const holeOf = ({ cell: { from, to, via, target, protocol } }: Answered) =>
  `${from} to ${to} by ${via} ${target}, ${protocol}`;

/**
 * Proofs of the same environments, one after the other, until one of them is worth being believed.
 *
 * A probe that failed is no answer. And what is open once and closed when it is asked again is no hole in what is
 * declared, but a moment of the engine's: it is noted, and not more.
 */
export class RepeatedProof {
  private readonly holes = new Set<string>();

  /** Whether nothing speaks against the isolation but failed probes, and holes that no earlier proof has found. */
  isInconclusive({ problems, shared, missing }: Reachability): boolean {
    const found = problems.filter(isHole).map(holeOf);
    const isAgain = found.some((hole) => this.holes.has(hole));
    for (const hole of found) this.holes.add(hole);
    const isDoubtful = problems.every((one) => hasFailed(one) || isHole(one));
    return problems.length > 0 && isDoubtful && !isAgain && shared.length + missing.length === 0;
  }

  /** What earlier proofs have found open and this one has not, a line each. */
  momentary({ problems }: Reachability): string[] {
    const still = new Set(problems.filter(isHole).map(holeOf));
    return [...this.holes]
      .filter((hole) => !still.has(hole))
      .map((hole) => `${hole}: open for a moment, and closed when it was asked again`);
  }
}

/** What was answered otherwise than declared, a line for each pair and way. */
export function notAsDeclared(problems: readonly Answered[]): string[] {
  const groups = new Map<string, Answered[]>();
  for (const one of problems) {
    const { from, to, via } = one.cell;
    const key = `NOT AS DECLARED: ${from} to ${to} by ${via}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups].map(([key, [first, ...more]]) => {
    const { cell, problem } = first as Answered;
    const others = more.length === 0 ? "" : `; and ${more.length} more`;
    return `${key} ${cell.target}, ${cell.protocol} ${cell.port}: ${problem}${others}`;
  });
}

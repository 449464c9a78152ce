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

/** Whether nothing speaks against the isolation but probes that failed: no answer at all, as on a host with too much to do. */
export function isInconclusive({ problems, shared, missing }: Reachability): boolean {
  const others = shared.length + missing.length;
  return problems.length > 0 && problems.every(hasFailed) && others === 0;
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

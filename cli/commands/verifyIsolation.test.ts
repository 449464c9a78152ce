import { describe, expect, it } from "vitest";
import type { Cell } from "../../checks/reachabilityCells";
import type { ReachabilityProof } from "../../operations/reachability";
import { parseRun, renderRun } from "../../report/runRecord";
import { isIsolated } from "../../report/runs";
import { BASE } from "../../test/support/sampleRuns";
import { describeIsolation, isolationRun } from "./verifyIsolation";

const cell: Cell = {
  from: "doom-dev-gateway",
  to: "doom-prod-gateway",
  via: "published port",
  target: "10.87.0.65",
  port: 9000,
  protocol: "tcp",
  family: 4,
  ask: "nothing",
  expected: "closed",
};

function proof(more: Partial<ReachabilityProof> = {}): ReachabilityProof {
  const counts = { OPEN: 0, REFUSED: 2, TIMEOUT: 0, DNS: 1, ERROR: 0 };
  return {
    engineVersion: "20.10.24",
    declarations: [],
    stations: ["doom-dev-gateway", "doom-prod-gateway", "host"],
    answered: [{ cell, result: { outcome: "REFUSED" } }],
    pairs: [{ from: cell.from, to: cell.to, counts, asDeclared: true }],
    counts,
    problems: [],
    controls: [{ target: "doom-dev-gateway 10.87.0.2 tcp", by: "host" }],
    exposures: ["port 22 of the host is open to doom-dev-gateway"],
    missing: [],
    shared: [],
    ...more,
  };
}

describe("what a reachability proof says", () => {
  it("is a table of pairs, what remains exposed, and the verdict", () => {
    const { text, exitCode, data } = describeIsolation(["dev", "prod"], proof());
    expect(text.split("\n")).toEqual([
      "FROM              TO                 OPEN  REFUSED  TIMEOUT  DNS  ERROR  AS DECLARED",
      "doom-dev-gateway  doom-prod-gateway  -     2        -        1    -      yes",
      "note: port 22 of the host is open to doom-dev-gateway",
      "dev, prod: isolated as declared; 1 probes in 1 pairs on engine 20.10.24, 0 errors, 1 positive controls.",
    ]);
    expect(exitCode).toBeUndefined();
    expect(data).toMatchObject({ isolated: true, stacks: ["dev", "prod"], counts: { ERROR: 0 } });
  });

  it("names each pair that is not as declared once, with its way and an example", () => {
    const problem = {
      cell,
      result: { outcome: "OPEN" as const },
      problem: "OPEN, declared closed",
    };
    const { text, exitCode, data } = describeIsolation(
      ["dev"],
      proof({ problems: [problem, problem, { ...problem, cell: { ...cell, via: "name" } }] }),
    );
    expect(text).toContain(
      "NOT AS DECLARED: doom-dev-gateway to doom-prod-gateway by published port 10.87.0.65, tcp 9000: OPEN, declared closed; and 1 more",
    );
    expect(text).toContain("by name 10.87.0.65, tcp 9000: OPEN, declared closed\n");
    expect(exitCode).toBe(13);
    expect(data).toMatchObject({ isolated: false, problems: [{ from: cell.from }, {}, {}] });
  });

  it.each<[Partial<ReachabilityProof>, string]>([
    [
      { shared: [{ kind: "volume", thing: "data", between: ["a", "b"] }] },
      "SHARED volume: data, between a and b",
    ],
    [
      { controls: [{ target: "a 10.0.0.1 udp" }] },
      "NOT PROVEN: nothing that may reaches a 10.0.0.1 udp",
    ],
    [
      { missing: ["doom-dev-gateway"] },
      "NOT PROVEN: doom-dev-gateway is declared and does not run",
    ],
  ])("does not call it proven: %j", (more, line) => {
    const { text, exitCode } = describeIsolation(["dev"], proof(more));
    expect(text).toContain(line);
    expect(text).toContain("NOT proven to be isolated");
    expect(exitCode).toBe(13);
  });
});

describe("the record of a proof", () => {
  const recordOf = (more: Partial<ReachabilityProof> = {}) => ({
    ...BASE,
    ...isolationRun(["dev", "prod"], proof(more)),
  });

  it("is one that the report reads, and holds what was found", () => {
    const record = recordOf();
    expect(parseRun(renderRun(record))).toEqual(record);
    expect(record).toMatchObject({ stacks: ["dev", "prod"], controls: 1, uncontrolled: [] });
    expect(isIsolated(record)).toBe(true);
  });

  it.each<Partial<ReachabilityProof>>([
    { problems: [{ cell, result: { outcome: "OPEN" }, problem: "OPEN, declared closed" }] },
    { shared: [{ kind: "volume", thing: "data", between: ["a", "b"] }] },
    { controls: [{ target: "a 10.0.0.1 udp" }] },
    { missing: ["doom-dev-gateway"] },
    { counts: { OPEN: 0, REFUSED: 2, TIMEOUT: 0, DNS: 1, ERROR: 1 } },
    { pairs: proof().pairs.map((pair) => ({ ...pair, asDeclared: false })) },
  ])("is none of isolation with %j", (more) => {
    expect(isIsolated(recordOf(more))).toBe(false);
  });
});

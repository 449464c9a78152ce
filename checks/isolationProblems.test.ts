import { describe, expect, it } from "vitest";
import { RepeatedProof } from "./isolationProblems";
import type { Answered, Reachability } from "./reachability";
import type { Cell } from "./reachabilityCells";

const answered = (changes: Partial<Cell>, outcome: "OPEN" | "ERROR" = "OPEN") =>
  ({
    cell: {
      from: "a",
      to: "b",
      via: "address",
      target: "10.0.0.2",
      port: 1,
      protocol: "tcp",
      expected: "closed",
      ...changes,
    },
    result: { outcome },
    problem: outcome,
  }) as Answered;
const proof = (...problems: Answered[]) =>
  ({ problems, shared: [], missing: [], controls: [] }) as unknown as Reachability;
const HOLE = proof(answered({}));
const LINE =
  "a to b by address 10.0.0.2, tcp: open for a moment, and closed when it was asked again";

describe("proofs one after the other", () => {
  it("ask once more for what is open, and note what is closed then", () => {
    const repeated = new RepeatedProof();
    expect(repeated.isInconclusive(HOLE)).toBe(true);
    expect(repeated.isInconclusive(proof())).toBe(false);
    expect(repeated.momentary(proof())).toEqual([LINE]);
  });

  it("believe what is open twice, at whichever port it is asked, and no longer call it a moment", () => {
    const repeated = new RepeatedProof();
    repeated.isInconclusive(HOLE);
    const again = proof(answered({ port: 2 }), answered({ target: "10.0.0.3" }));
    expect(repeated.isInconclusive(again)).toBe(false);
    expect(repeated.momentary(again)).toEqual([]);
  });

  it.each([
    ["a name that is known", proof(answered({ via: "name" }))],
    ["a declared way that is closed", proof(answered({ expected: "open" }))],
    ["a container that does not run", { ...HOLE, missing: ["c"] }],
    [
      "a thing that is shared",
      { ...HOLE, shared: [{ kind: "volume" as const, thing: "v", between: [] }] },
    ],
  ])("believe %s at once", (_, found) => {
    const repeated = new RepeatedProof();
    expect(repeated.isInconclusive(found)).toBe(false);
  });

  it("do not believe a probe that failed", () => {
    const repeated = new RepeatedProof();
    const failed = proof(answered({}, "ERROR"));
    expect([failed, failed].map((one) => repeated.isInconclusive(one))).toEqual([true, true]);
    expect(repeated.momentary(proof())).toEqual([]);
  });
});

import { describe, expect, test } from "vitest";
import type { Answered } from "../checks/reachability";
import type { Cell } from "../checks/reachabilityCells";
import { Failure } from "./failure";
import { isolationVerdict } from "./isolationVerdict";
import type { ReachabilityProof } from "./reachability";

const cell = { from: "a", to: "b", via: "address", port: 1, protocol: "udp", expected: "closed" };
const answered = (outcome: "ERROR" | "OPEN", target = "10.0.0.2"): Answered => ({
  cell: { ...cell, target } as Cell,
  result: { outcome },
  problem: outcome,
});
const SOUND = { problems: [], shared: [], missing: [], controls: [] };
const LATE = { ...SOUND, problems: [answered("ERROR")] };
const OPEN = { ...SOUND, problems: [answered("ERROR"), answered("OPEN")] };
const OTHER = { ...SOUND, problems: [answered("OPEN", "10.0.0.3")] };
const SHARED = { ...OTHER, shared: [{ kind: "volume", thing: "v", between: ["a", "b"] }] };
const MISSING = { ...SOUND, problems: [answered("ERROR")], missing: ["c"] };

/** The verdict of proofs that come one after the other, and how many were asked for. */
async function verdictOf(...proofs: readonly (object | Error)[]) {
  let asked = 0;
  const prove = async () => {
    const proof = proofs[Math.min(asked, proofs.length - 1)];
    asked += 1;
    if (proof instanceof Error) throw proof;
    return proof as ReachabilityProof;
  };
  const { signal } = new AbortController();
  return [await isolationVerdict({ environments: new Map(), signal }, prove), asked];
}

describe("the verdict on isolation", () => {
  const line = (problem: string) =>
    `NOT AS DECLARED: a to b by address 10.0.0.2, udp 1: ${problem}`;
  const gone = new Failure("unhealthy", "Containers came or went.");

  test.each<[string, readonly (object | Error)[], string[], number]>([
    ["is a proof", [SOUND], [], 1],
    ["is what another attempt proves, when probes have failed", [LATE, gone, SOUND], [], 3],
    ["is a proof, when what was open is closed later", [OPEN, OTHER, SOUND], [], 3],
    ["is red for what is open again", [OPEN, OTHER, OPEN], [`${line("OPEN")}; and 1 more`], 3],
    [
      "is red at once for what is open and shared",
      [SHARED, SOUND],
      [
        "SHARED volume: v, between a and b",
        "NOT AS DECLARED: a to b by address 10.0.0.3, udp 1: OPEN",
      ],
      1,
    ],
    [
      "is red at once for what is missing",
      [MISSING, SOUND],
      [line("ERROR"), "NOT PROVEN: c is declared and does not run"],
      1,
    ],
    ["is red in the end, when no attempt proves it", [LATE], [line("ERROR")], 5],
    ["says why there was no proof", [gone], ["NOT PROVEN: Containers came or went."], 5],
  ])("%s", async (_, proofs, problems, asked) => {
    expect(await verdictOf(...proofs)).toEqual([problems, asked]);
  });

  test("is none when it is interrupted", async () => {
    const interrupted = new Failure("interrupted", "Interrupted.");
    const signal = AbortSignal.abort(interrupted);
    const prove = async () => Promise.reject(new Error("the connection was closed"));
    const verdict = isolationVerdict({ environments: new Map(), signal }, prove);
    await expect(verdict).rejects.toBe(interrupted);
  });
});

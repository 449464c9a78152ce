import { describe, expect, test } from "vitest";
import { closingLine, nextSeed, resumed, type SoakProgress } from "./soakProgress";

const FRESH = 900;
const earlier: SoakProgress = { soak: "migration", seed: 7, count: 3, passed: ["a", "b"] };
const start = (seed: number, count = 3) => ({ soak: "migration", seed, count, passed: [] });

describe("a soak", () => {
  test("begins with a seed of its own", () => {
    expect(resumed(undefined, { soak: "migration", count: 3 }, FRESH)).toEqual(start(FRESH));
    expect(resumed(undefined, { soak: "migration", count: 3, seed: 1 }, FRESH)).toEqual(start(1));
  });

  test("goes on where it was interrupted", () => {
    const found = resumed(earlier, { soak: "migration", count: 3 }, FRESH);
    expect(found).toBe(earlier);
    expect(nextSeed(found)).toBe(9);
    expect(resumed(earlier, { soak: "migration", count: 3, seed: 7 }, FRESH)).toBe(earlier);
  });

  test.each([
    ["another seed", { soak: "migration", count: 3, seed: 8 }, start(8)],
    ["another count", { soak: "migration", count: 4 }, start(FRESH, 4)],
    ["another soak", { soak: "upgrade", count: 3 }, { ...start(FRESH), soak: "upgrade" }],
  ])("begins anew for %s", (_, request, expected) => {
    expect(resumed(earlier, request, FRESH)).toEqual(expected);
  });

  test("begins anew after its end", () => {
    const ended = { ...earlier, passed: ["a", "b", "c"] };
    expect(resumed(ended, { soak: "migration", count: 3 }, FRESH)).toEqual(start(FRESH));
  });

  test("ends with what was counted", () => {
    expect(closingLine(earlier, 1)).toBe("soak migration: 2 of 3 passed, 1 failed, seed 7");
  });
});

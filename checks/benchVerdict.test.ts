import { describe, expect, test } from "vitest";
import { allHeld, type Comparison, judge, spread } from "./benchVerdict";

const comparison: Comparison = {
  figure: "up of 5",
  ours: [200, 180, 260],
  peer: "docker-compose",
  theirs: [100, 100, 100],
  bound: 2,
};

describe("spread", () => {
  test("takes minimum and median without reordering what it was given", () => {
    const samples = [30, 10, 20];
    expect(spread(samples)).toEqual({ minimum: 10, median: 20 });
    expect(samples).toEqual([30, 10, 20]);
  });

  test("takes the mean of the middle two of an even number, and sorts by value, not by text", () => {
    expect(spread([100, 9, 20, 1000])).toEqual({ minimum: 9, median: 60 });
  });

  test("refuses to judge nothing", () => {
    expect(() => spread([])).toThrow("no samples");
  });
});

describe("judge", () => {
  test("compares round by round, so that a slow hour slows both sides alike", () => {
    const { ratio, verdict } = judge({ ...comparison, ours: [150, 1500], theirs: [100, 1000] });
    expect(ratio).toEqual({ minimum: 1.5, median: 1.5 });
    expect(verdict).toBe("held");
  });

  test("holds a median that is exactly the bound", () => {
    expect(judge(comparison)).toEqual({
      figure: "up of 5",
      peer: "docker-compose",
      unit: "milliseconds",
      ours: { minimum: 180, median: 200 },
      theirs: { minimum: 100, median: 100 },
      ratio: { minimum: 1.8, median: 2 },
      extra: { minimum: 80, median: 100 },
      bound: 2,
      verdict: "held",
    });
  });

  test("is red above the bound, even when the best round is within it", () => {
    expect(judge({ ...comparison, ours: [201, 180, 260] }).verdict).toBe("exceeded");
  });

  test("only reports a figure without a bound", () => {
    const { bound, ...unbounded } = comparison;
    expect(bound).toBe(2);
    expect(judge({ ...unbounded, ours: [900, 900, 900] }).verdict).toBe("reported");
  });

  test("bounds what is added to the same work, in time", () => {
    const { bound, ...unbounded } = comparison;
    expect(bound).toBe(2);
    expect(judge({ ...unbounded, boundOfExtra: 100 }).verdict).toBe("held");
    expect(judge({ ...unbounded, boundOfExtra: 99 }).verdict).toBe("exceeded");
  });

  test.each([
    ["the ratio", { bound: 1.9, boundOfExtra: 100 }],
    ["the extra time", { bound: 2, boundOfExtra: 99 }],
  ])("holds two bounds only together: %s is above its own", (_, bounds) => {
    expect(judge({ ...comparison, ...bounds }).verdict).toBe("exceeded");
  });

  test.each([
    ["a round of one side is missing", [100, 100]],
    ["a time is zero", [100, 0, 100]],
    ["a time is not a number", [100, Number.NaN, 100]],
    ["there is no sample at all", []],
  ])("refuses when %s", (_, theirs) => {
    expect(() => judge({ ...comparison, theirs })).toThrow(/^up of 5: 3 samples against/);
  });
});

describe("allHeld", () => {
  const held = judge(comparison);
  const exceeded = judge({ ...comparison, ours: [300, 300, 300] });

  test("is green when every bound is held", () => {
    expect(allHeld([held, { ...held, verdict: "reported" }])).toBe(true);
  });

  test("is red when one of several is exceeded", () => {
    expect(allHeld([held, exceeded, held])).toBe(false);
  });

  test("is red when nothing was measured", () => {
    expect(allHeld([])).toBe(false);
  });
});

import { describe, expect, it } from "vitest";
import { lowerBound, passesNeeded, percent } from "./statistics";

describe("the lower bound of a rate", () => {
  // n of n: 0.05^(1/n); 9 of 10: 0.5550 is the lower end of the two-sided 95 % interval in every table.
  it.each([
    [59, 59, 0.95, 0.950492],
    [58, 58, 0.95, 0.949661],
    [9, 10, 0.95, 0.605837],
    [9, 10, 0.975, 0.554984],
    [1, 2, 0.95, 0.025321],
    [0, 7, 0.95, 0],
    [1, 1, 0.95, 0.05],
  ])("of %i of %i at %d is %d", (passed, total, confidence, bound) => {
    expect(lowerBound(passed, total, confidence)).toBeCloseTo(bound, 5);
  });

  it("is the rate at which so many, or more, come with 1 - confidence: the definition, for 3 of 5", () => {
    const p = lowerBound(3, 5);
    const tail = 10 * p ** 3 * (1 - p) ** 2 + 5 * p ** 4 * (1 - p) + p ** 5;
    expect(tail).toBeCloseTo(0.05, 10);
  });

  it("comes near the rate itself in a large sample, without overflow", () => {
    expect(lowerBound(9_000, 10_000)).toBeGreaterThan(0.89);
    expect(lowerBound(9_000, 10_000)).toBeLessThan(0.9);
  });

  it.each([
    [1, 0],
    [-1, 3],
    [4, 3],
    [1.5, 3],
  ])("refuses %d of %d", (passed, total) => {
    expect(() => lowerBound(passed, total)).toThrow(RangeError);
  });
});

it("59 in a row show more than 95 %, and 58 do not", () => {
  expect(passesNeeded(0.95)).toBe(59);
  expect(lowerBound(59, 59)).toBeGreaterThan(0.95);
  expect(lowerBound(58, 58)).toBeLessThan(0.95);
});

it("rounds a rate down, so that only all of it is 100 %", () => {
  const shown = [1, 0.99999, 0.5, 2 / 3, 0, 0.29].map(percent);
  expect(shown).toEqual(["100 %", "99.9 %", "50 %", "66.6 %", "0 %", "29 %"]);
});

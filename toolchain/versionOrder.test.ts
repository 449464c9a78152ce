import { describe, expect, test } from "vitest";

describe("order of versions", async () => {
  const { compareVersions, satisfiesRange } = await import("./versionOrder.mjs");

  test.each([
    ["3.259.0", "3.248.0", 1],
    ["3.9.0", "3.10.0", -1],
    ["v20.19.0", "20.19.0", 0],
    ["go1.26.9", "1.21", 1],
    ["1.41", "1.41.0", 0],
    ["1.5", "1.41", -1],
    ["3.259.0-alpha.1", "3.259.0", -1],
    ["3.259.0", "3.259.0-alpha.1", 1],
    ["1.0.0-alpha", "1.0.0-alpha.1", -1],
    ["1.0.0-alpha.2", "1.0.0-alpha.10", -1],
    ["1.0.0-1", "1.0.0-alpha", -1],
    ["3.259.0+build.1", "3.259.0", 0],
  ])("%s against %s is %i", (left, right, order) => {
    expect(compareVersions(left, right)).toBe(order);
    expect(compareVersions(right, left)).toBe(0 - order);
  });

  test.each(["", "latest", "1.x", "1..2", "1.2.3 extra", ">=1.0.0"])(
    "%j is not a version",
    (text) => {
      expect(() => compareVersions(text, "1.0.0")).toThrow(`"${text}" is not a version`);
    },
  );

  test.each([
    ["3.259.0", ">=3.248.0 <4.0.0", true],
    ["3.248.0", ">=3.248.0 <4.0.0", true],
    ["3.247.9", ">=3.248.0 <4.0.0", false],
    ["4.0.0", ">=3.248.0 <4.0.0", false],
    ["3.248.0-alpha", ">=3.248.0", false],
    ["2.0.0", "<1.0.0 || >=2.0.0", true],
    ["1.5.0", "<1.0.0 || >=2.0.0", false],
    ["1.2.3", "= 1.2.3", true],
    ["1.2.3", "!=1.2.3", false],
    ["1.2.3", "1.2.3", true],
    ["20.20.2", ">= 20.19.0", true],
  ])("%s in %s: %s", (version, range, inside) => {
    expect(satisfiesRange(version, range)).toBe(inside);
  });

  test.each(["", "^3.0.0", "~3.0", "3.x", ">=", "<1.0.0 ||", ">=3.0.0 || ^4.0.0"])(
    "a range that cannot be read is an error, never a yes: %j",
    (range) => {
      expect(() => satisfiesRange("3.259.0", range)).toThrow();
    },
  );
});

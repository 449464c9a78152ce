import { describe, expect, test } from "vitest";
import { compareVersions, isInRange, isVersion } from "./versionOrder";

describe("the order of versions", () => {
  test.each([
    ["4.139.1", "4.133.0", 1],
    ["4.99.0", "4.139.1", -1],
    ["v3.259.0", "3.259.0", 0],
    ["1.41", "1.41.0", 0],
    ["1.9", "1.41", -1],
    ["2.0", "1.41", 1],
    ["1", "2", -1],
    ["4.140.0-rc.1", "4.140.0", -1],
    ["4.140.0-rc.1", "4.139.1", 1],
  ])("%s against %s is %i", (a, b, order) => {
    expect(compareVersions(a, b)).toBe(order);
    expect(compareVersions(b, a)).toBe(0 - order);
  });

  test.each(["", "latest", "4.x", "4.139.1.2", "4..1", "4.139.1 ;", "04.1.0", ">=1.0.0"])(
    "%j is no version",
    (text) => {
      expect(isVersion(text)).toBe(false);
      expect(() => compareVersions("1.0.0", text)).toThrow(`"${text}" is no version`);
    },
  );
});

describe("a range", () => {
  test.each([
    ["4.139.1", "4.139.1", true],
    ["4.139.0", "4.139.1", false],
    ["1.41", ">=1.41.0 <2.0.0", true],
    ["1.40", ">=1.41.0 <2.0.0", false],
    ["2.0", ">=1.41.0 <2.0.0", false],
    ["24.21.0", "24", true],
    ["4.0.0-rc.1", ">=3.0.0 <4.0.0", false],
    ["latest", ">=0.0.0", false],
    ["1.0.0", "not a range", false],
  ])("%s in %s: %s", (version, range, inside) => {
    expect(isInRange(version, range)).toBe(inside);
  });
});

import { describe, expect, test } from "vitest";
import { readVolumeSeed } from "./volumeSeed";

/** What it does to volumes is in test/stack/environmentChanges.test.ts. */

describe("the variables of a seed", () => {
  const GOOD = {
    DOOM_STACK: "dev",
    DOOM_SEED_VOLUME: "old",
    DOOM_SEED_TARGET: "doom-dev-data-1",
    DOOM_SEED_ACROSS_ENVIRONMENTS: "true",
  };

  test("are read", () => {
    expect(readVolumeSeed(GOOD)).toEqual({
      stack: "dev",
      volume: "old",
      target: "doom-dev-data-1",
      acrossEnvironments: true,
    });
  });

  test.each(Object.keys(GOOD))("are refused without %s", (name) => {
    expect(() => readVolumeSeed({ ...GOOD, [name]: "" })).toThrow(`${name} is not set`);
  });

  test("are refused with a word that is neither yes nor no", () => {
    expect(() => readVolumeSeed({ ...GOOD, DOOM_SEED_ACROSS_ENVIRONMENTS: "1" })).toThrow(
      'DOOM_SEED_ACROSS_ENVIRONMENTS: got "1"; allowed: true, false',
    );
  });
});

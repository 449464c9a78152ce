import { describe, expect, test } from "vitest";
import type { EnvironmentOverview } from "../../operations/environmentOverview";
import { describeAll } from "./status";

const DOWN: EnvironmentOverview = {
  stack: "staging",
  condition: "down",
  containers: [],
  volumes: ["doom-staging-data-1", "doom-staging-data-2"],
  resting: [],
  notes: [],
  editors: { healthy: 0, all: 2 },
  version: "4.139.1",
  tier: "limited",
  memory: { usedMebibytes: 0, limitMebibytes: 2176 },
};
const UP: EnvironmentOverview = {
  ...DOWN,
  stack: "dev",
  condition: "healthy",
  url: "http://127.0.0.1:8443/",
  volumes: ["doom-dev-data-1"],
  editors: { healthy: 1, all: 1 },
  tier: "local",
  memory: { usedMebibytes: 181, limitMebibytes: 640 },
};

describe("the table of all environments", () => {
  test("has a row for each, those that are down included", () => {
    const { text, exitCode, data } = describeAll([UP, DOWN]);
    expect(text.split("\n")).toEqual([
      "NAME     STATE    EDITORS  VERSION  TIER     MEMORY          URL                     DATA",
      "dev      healthy  1/1      4.139.1  local    181 of 640 MiB  http://127.0.0.1:8443/  1 volume",
      "staging  down     0/2      4.139.1  limited  0 of 2176 MiB                           2 volumes",
    ]);
    expect(exitCode).toBeUndefined();
    expect(data).toEqual({ environments: [UP, DOWN] });
  });

  test("says of one that is ill where to look, with its exit code, and notes of whom they are", () => {
    const bad: EnvironmentOverview = { ...UP, condition: "unhealthy", notes: ["locked: by 7"] };
    const { text, exitCode } = describeAll([bad, DOWN]);
    expect(exitCode).toBe(10);
    expect(text).toContain("\nnote: dev: locked: by 7\n");
    expect(text).toMatch(/\nnpx doom status dev says what is wrong with it$/);
  });

  test("shows what is not known as that", () => {
    const { version, tier, ...rest } = DOWN;
    const { text } = describeAll([
      { ...rest, editors: { healthy: 0 }, memory: { usedMebibytes: 0 } },
    ]);
    expect(text).toMatch(/\nstaging {2}down {3}0\/\? {6}\? {8}\? {5}0 of \? MiB/);
  });

  test("is a sentence when there is none", () => {
    expect(describeAll([])).toMatchObject({ text: "There is no stack file in this project." });
  });
});

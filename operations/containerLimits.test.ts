import { expect, test } from "vitest";
import { readLimits } from "./containerLimits";

/** Not proven here: that the engine keeps the limits; test/stack/containerLimits.test.ts asks the kernel. */

const GOOD = { DOOM_CONTAINERS: "aa bb", DOOM_CPUS: "0.5 2", DOOM_PROCESS_LIMIT: "512" };

test("reads the limits of several containers", () => {
  expect(readLimits(GOOD)).toEqual([
    { container: "aa", cpus: 0.5, processes: 512 },
    { container: "bb", cpus: 2, processes: 512 },
  ]);
});

const cpusRefused = (given: string | undefined) =>
  `DOOM_CPUS: got ${JSON.stringify(given)}; allowed: a number of CPUs for each of 2 containers, with up to 2 decimals`;

test.each([
  [{ DOOM_CONTAINERS: undefined }, "DOOM_CONTAINERS: names no container"],
  [{ DOOM_CONTAINERS: " " }, "DOOM_CONTAINERS: names no container"],
  ...[undefined, "", "1", "1 2 3", "1 0", "1 -1", "1 0.125", "1 1e3", "1 all"].map(
    (cpus) => [{ DOOM_CPUS: cpus }, cpusRefused(cpus)] as const,
  ),
  ...["", "0", "-1", "1.5", "0x10", "5e3", "12345678"].map(
    (limit) =>
      [
        { DOOM_PROCESS_LIMIT: limit },
        `DOOM_PROCESS_LIMIT: got ${JSON.stringify(limit)}; allowed: 1 to 9999999`,
      ] as const,
  ),
  [{ DOOM_PROCESS_LIMIT: undefined }, "DOOM_PROCESS_LIMIT: got undefined; allowed: 1 to 9999999"],
] as const)("%j is refused", (changes, message) => {
  expect(() => readLimits({ ...GOOD, ...changes })).toThrow(new Error(message));
});

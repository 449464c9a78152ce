import { expect, test } from "vitest";
import { readProcessLimits } from "./processLimits";

/** Not proven here: that the engine keeps the limit; test/stack/processLimits.test.ts asks the kernel. */

test("reads one limit for several containers", () => {
  expect(readProcessLimits({ DOOM_CONTAINERS: "aa bb", DOOM_PROCESS_LIMIT: "512" })).toEqual({
    containers: ["aa", "bb"],
    limit: 512,
  });
});

test.each([
  [{ DOOM_PROCESS_LIMIT: "512" }, "DOOM_CONTAINERS: names no container"],
  [{ DOOM_CONTAINERS: " ", DOOM_PROCESS_LIMIT: "512" }, "DOOM_CONTAINERS: names no container"],
  ...["", "0", "-1", "1.5", "0x10", "5e3", "12345678"].map(
    (limit) =>
      [
        { DOOM_CONTAINERS: "aa", DOOM_PROCESS_LIMIT: limit },
        `DOOM_PROCESS_LIMIT: got ${JSON.stringify(limit)}; allowed: 1 to 9999999`,
      ] as const,
  ),
  [{ DOOM_CONTAINERS: "aa" }, "DOOM_PROCESS_LIMIT: got undefined; allowed: 1 to 9999999"],
] as const)("%j is refused", (environment, message) => {
  expect(() => readProcessLimits(environment)).toThrow(new Error(message));
});

import { describe, expect, test } from "vitest";
import { drainCommands, readDraining } from "./draining";

/** Not proven here: that HAProxy does it; test/stack/scaling.test.ts looks. */

test("every editor that there can be is told, so that one that comes back takes visitors again", () => {
  const commands = drainCommands(2);
  expect(commands).toHaveLength(50);
  expect(commands.slice(0, 3)).toEqual([
    "set server editors/code-server-1 state ready",
    "set server editors/code-server-2 state ready",
    "set server editors/code-server-3 state drain",
  ]);
  expect(commands[49]).toBe("set server editors/code-server-50 state drain");
});

describe("the input", () => {
  test("is a stack and a number", () => {
    expect(readDraining({ DOOM_STACK: "dev", DOOM_INSTANCES: "50" })).toEqual({
      stack: "dev",
      instances: 50,
    });
  });

  test.each([undefined, "", "0", "-1", "1.5", "51", "10000", "two", "0x5"])(
    "%j editors are refused",
    (given) => {
      const environment = {
        DOOM_STACK: "dev",
        ...(given === undefined ? {} : { DOOM_INSTANCES: given }),
      };
      expect(() => readDraining(environment)).toThrow(
        new Error(`DOOM_INSTANCES: got ${JSON.stringify(given)}; allowed: 1 to 50`),
      );
    },
  );

  test("needs a stack", () => {
    expect(() => readDraining({ DOOM_INSTANCES: "1" })).toThrow("DOOM_STACK: has to be set");
  });
});

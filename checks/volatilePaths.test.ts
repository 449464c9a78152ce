import { expect, test } from "vitest";
import { holdsVolatile, isVolatile } from "./volatilePaths";

const VOLATILE = ["data/heartbeat", "socket"];

test.each([
  ["data/heartbeat", true],
  ["data/heartbeat/below", true],
  ["data/heartbeat2", false],
  ["data", false],
  ["other/socket", false],
  ["socket", true],
])("%s is volatile: %s", (path, expected) => {
  expect(isVolatile(path, VOLATILE)).toBe(expected);
});

test.each([
  ["data", true],
  [".", true],
  ["data/heartbeat", false],
  ["dat", false],
])("%s holds something volatile: %s", (path, expected) => {
  expect(holdsVolatile(path, VOLATILE)).toBe(expected);
});

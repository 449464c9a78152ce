import { expect, test } from "vitest";
import { isDeadLock } from "./snapshotLocks";

const time = "2026-01-01T00:00:00Z";
const running = ["0123456789ab".padEnd(64, "c"), "f".repeat(64)];

test.each([
  ["a container that no longer runs", "aaaaaaaaaaaa", true],
  ["a container that runs", "0123456789ab", false],
  ["somebody's machine: nothing is known of what runs there", "laptop", false],
  ["a name that only begins like a container's", "0123456789ab.example", false],
  ["a shorter name", "aaaaaaaaaaa", false],
  ["no name", "", false],
])("the lock of %s", (_title, hostname, dead) => {
  expect(isDeadLock({ hostname, time }, running)).toBe(dead);
});

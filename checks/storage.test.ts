import { expect, it } from "vitest";
import { storageLevel, storageText, storageWarning } from "./storage";

const MIB = 1024 ** 2;
const use = (bytes: number) => ({ volume: "doom-dev-data-1", bytes, declaredMebibytes: 1000 });

it.each([
  [0, "ok"],
  [800 * MIB - 1, "ok"],
  [800 * MIB, "warning"],
  [1000 * MIB - 1, "warning"],
  [1000 * MIB, "full"],
  [5000 * MIB, "full"],
] as const)("%i bytes of 1000 MiB are %s", (bytes, level) => {
  expect(storageLevel(use(bytes))).toBe(level);
});

it("rounds down, so that what is not full does not read 100 %", () => {
  expect(storageText(use(1000 * MIB - 1))).toBe("1000.0 MiB of 1000.0 MiB (99 %)");
});

it("warns with the numbers and what to do, and only where it has to", () => {
  expect(storageWarning("dev", use(10))).toBeUndefined();
  expect(storageWarning("dev", use(900 * MIB))).toBe(
    "doom-dev-data-1 holds 900.0 MiB of 1000.0 MiB (90 %); at 100 % it is not upgraded any more: remove what is not needed, or raise resources.storage in Pulumi.dev.yaml",
  );
  expect(storageWarning("dev", use(1200 * MIB))).toContain(
    "is full: 1.2 GiB of 1000.0 MiB (120 %); it is not upgraded before there is room",
  );
});

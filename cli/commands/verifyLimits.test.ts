import { describe, expect, it } from "vitest";
import type { LimitRow } from "../../checks/limitsProof";
import { describeLimits } from "./verifyLimits";

const row: LimitRow = {
  container: "doom-dev-gateway",
  limit: "cpus",
  wanted: 0.5,
  engine: 0.5,
  kernel: 0.5,
  holds: true,
};
const use = (bytes: number) => ({ volume: "doom-dev-data-1", bytes, declaredMebibytes: 256 });
const MIB = 1024 ** 2;

describe("what a proof of limits says", () => {
  it("is a table, what the storage holds, and a verdict", () => {
    const { text, exitCode } = describeLimits("dev", [row], [use(64 * MIB)]);
    expect(text).toBe(
      [
        "CONTAINER         LIMIT  FILE  DOCKER  KERNEL",
        "doom-dev-gateway  CPUs   0.5   0.5     0.5",
        "doom-dev-data-1: 64.0 MiB of 256.0 MiB (25 %)",
        "The limits of dev hold.",
      ].join("\n"),
    );
    expect(exitCode).toBeUndefined();
  });

  it("warns of storage from 80 % on, and proves nothing when it is full or nobody knows", () => {
    const warned = describeLimits("dev", [row], [use(220 * MIB)]);
    expect(warned.text).toContain("warning: doom-dev-data-1 holds 220.0 MiB of 256.0 MiB (85 %)");
    expect(warned.exitCode).toBeUndefined();
    expect(describeLimits("dev", [row], [use(256 * MIB)]).exitCode).toBe(11);
    const unknown = { volume: "doom-dev-data-1", because: "it takes longer than 10 s" };
    const { text, exitCode } = describeLimits("dev", [row], [unknown]);
    expect(text).toContain("doom-dev-data-1: NOT MEASURED: it takes longer than 10 s");
    expect(exitCode).toBe(11);
  });

  it("proves nothing when a limit differs", () => {
    const { text, exitCode } = describeLimits("dev", [{ ...row, kernel: 2, holds: false }], []);
    expect(text).toContain("doom-dev-gateway  CPUs   0.5   0.5     2       DIFFERS");
    expect(exitCode).toBe(11);
  });
});

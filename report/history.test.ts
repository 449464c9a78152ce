import { expect, it } from "vitest";
import { type EnvironmentHistory, historySection } from "./history";

const at = "2026-11-01T10:00:00.000Z";
const empty = { stack: "prod", upgrades: [], promotions: [], drills: [] };

it("counts what was done to each environment by how it ended", () => {
  const upgrade = {
    service: "code-server",
    kind: "upgrade",
    at,
    timings: [{ cutover: 4000 }],
  } as const;
  const dev: EnvironmentHistory = {
    stack: "dev",
    upgrades: [
      { ...upgrade, result: "verified" },
      { ...upgrade, result: "unverified", timings: [{ cutover: 2000 }, {}] },
      { ...upgrade, kind: "rollback", result: "verified", timings: [{ cutover: 9000 }] },
    ],
    promotions: [
      { from: "dev", result: "refused", at },
      { from: "dev", result: "promoted", at: "2026-11-02T10:00:00.000Z" },
    ],
    drills: [{ at, seconds: 3, result: "restored and equal" }],
  };
  const [, table] = historySection([empty, dev])?.blocks ?? [];
  const rows = table?.kind === "table" ? table.rows : [];
  expect(rows.map((row) => row.map(({ text }) => text))).toEqual([
    [
      "dev",
      "1 verified, 1 unverified",
      "3.00 s",
      "1 verified",
      "1 promoted, 1 refused",
      "1 restored and equal",
    ],
  ]);
  expect(rows[0]?.[4]?.detail).toBe("last 2026-11-02 10:00");
});

it("is not there before anything was done", () => {
  expect(historySection([empty])).toBeUndefined();
});

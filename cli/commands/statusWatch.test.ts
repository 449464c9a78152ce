import { expect, test } from "vitest";
import { describeUse, watchStatus } from "./statusWatch";

/** Not proven here: that the figures are right; test/stack/scaling.test.ts compares them with what runs. */

const MEBIBYTE = 1024 * 1024;

test("one look shows instances, sessions, limits and use, and what rests", () => {
  const running = { state: "running", health: "healthy" } as const;
  const text = describeUse(
    {
      stack: "dev",
      condition: "unhealthy",
      url: "http://127.0.0.1:8443/",
      containers: [
        { name: "doom-dev-code-server-1", role: "code-server", ...running },
        { name: "doom-dev-code-server-2", role: "code-server", state: "exited" },
        { name: "doom-dev-code-server-3", role: "code-server", ...running },
        { name: "doom-dev-gateway", role: "gateway", ...running },
      ],
      volumes: [],
      resting: ["doom-dev-data-4"],
      notes: ["locked: by somebody"],
    },
    {
      containers: [
        {
          name: "doom-dev-code-server-1",
          role: "code-server",
          cpuLimit: 0.5,
          memoryLimitBytes: 512 * MEBIBYTE,
          cpus: 0.034,
          memoryBytes: 61.4 * MEBIBYTE,
        },
        {
          name: "doom-dev-code-server-3",
          role: "code-server",
          cpuLimit: 0.5,
          memoryLimitBytes: 512 * MEBIBYTE,
        },
        {
          name: "doom-dev-gateway",
          role: "gateway",
          cpuLimit: 0.5,
          memoryLimitBytes: 128 * MEBIBYTE,
          cpus: 0.01,
          memoryBytes: 20 * MEBIBYTE,
        },
      ],
      traffic: {
        "doom-dev-code-server-1": { sessions: 2, takesVisitors: true },
        "doom-dev-code-server-3": { sessions: 0, takesVisitors: false },
      },
    },
    new Date(2026, 0, 1, 8, 5, 9),
  );
  expect(text).toBe(`08:05:09  dev is unhealthy: http://127.0.0.1:8443/
                          state    health   sessions  CPUs         memory (MiB)
  doom-dev-code-server-1  running  healthy  2         0.03 of 0.5  61 of 512
  doom-dev-code-server-2  exited
  doom-dev-code-server-3  running  healthy  0         ? of 0.5     ? of 512      takes no new visitors
  doom-dev-gateway        running  healthy            0.01 of 0.5  20 of 128
  resting: doom-dev-data-4; more instances in Pulumi.dev.yaml bring its editor back
  note: locked: by somebody`);
});

test("needs a stack", async () => {
  await expect(watchStatus(undefined, false)).rejects.toThrow("--watch needs the name of one");
});

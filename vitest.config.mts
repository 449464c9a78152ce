import { defineConfig } from "vitest/config";

/**
 * Projects by what they need: `unit` nothing, `stack` engine and Docker, `browser` Chromium too.
 *
 * One after the other, and within each so many files at a time: on two cores a real stack waits for Docker and
 * for health checks half of its time. The browser's visits need the cores more.
 */
const WORKERS = { unit: 2, stack: 3, browser: 2 };
const elsewhere = ["**/node_modules/**", "bin/**", "test/**"];
// A busy machine is no defect; a test that hangs still ends.
const unit = {
  maxWorkers: WORKERS.unit,
  sequence: { groupOrder: 0 },
  testTimeout: 60_000,
  hookTimeout: 60_000,
};
const real = { testTimeout: 600_000, hookTimeout: 600_000 };

export default defineConfig({
  test: {
    reporters: [
      "default",
      "./test/support/closingLineReporter.mts",
      // Of `npm test` only: what is tried out while somebody programs is no record.
      ...(process.env.npm_lifecycle_event === "test"
        ? ["./test/support/runRecordReporter.mts"]
        : []),
    ],
    projects: [
      {
        test: {
          name: "unit",
          include: ["**/*.test.ts"],
          exclude: [...elsewhere, "**/*.isolated.test.ts"],
          // Loading the SDK and the schema anew for each file takes longer than the tests do.
          isolate: false,
          ...unit,
        },
      },
      {
        test: {
          // Those that put something else in the place of a module of Node's.
          name: "unit-isolated",
          include: ["**/*.isolated.test.ts"],
          exclude: elsewhere,
          ...unit,
        },
      },
      {
        test: {
          name: "stack",
          include: ["test/stack/**/*.test.ts"],
          sequence: { groupOrder: 1 },
          maxWorkers: WORKERS.stack,
          ...real,
        },
      },
      {
        test: {
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          sequence: { groupOrder: 2 },
          maxWorkers: WORKERS.browser,
          ...real,
        },
      },
    ],
  },
});

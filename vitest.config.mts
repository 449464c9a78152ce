import { defineConfig } from "vitest/config";

/** Projects by what they need: `unit` nothing, `stack` engine and Docker, `browser` Chromium too. */
const real = {
  testTimeout: 600_000,
  hookTimeout: 600_000,
  // Real stacks share one Docker host and two cores; running files side by side only makes
  // them wait for each other and fight over ports.
  fileParallelism: false,
};

export default defineConfig({
  test: {
    reporters: ["default", "./test/support/closingLineReporter.mts"],
    projects: [
      {
        test: {
          name: "unit",
          include: ["**/*.test.ts"],
          exclude: ["**/node_modules/**", "bin/**", "test/**"],
        },
      },
      { test: { name: "stack", include: ["test/stack/**/*.test.ts"], ...real } },
      { test: { name: "browser", include: ["test/browser/**/*.test.ts"], ...real } },
    ],
  },
});

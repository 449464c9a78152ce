import type { Reporter, TestModule } from "vitest/node";

/** Keeps what a run of `npm test` came to, file by file, for `doom report`. */
export default class RunRecordReporter implements Reporter {
  private startedAt = new Date();

  onTestRunStart(): void {
    this.startedAt = new Date();
  }

  async onTestRunEnd(
    modules: readonly TestModule[],
    unhandledErrors: readonly unknown[],
    reason: "passed" | "interrupted" | "failed",
  ): Promise<void> {
    // Half a run says nothing of the files that it did not come to.
    if (reason === "interrupted" || modules.length === 0) return;
    // Loaded late: what it imports is no business of the tests' time.
    const { findProject } = await import("../../operations/project.js");
    const { keepRun } = await import("../../operations/runRecords.js");
    // The first word is the script's own: `run`.
    const command = ["npm test", ...process.argv.slice(3)].join(" ");
    // It says nothing of it: the line with the counts is the last one.
    await keepRun(
      findProject(),
      { command, startedAt: this.startedAt },
      { kind: "tests", unhandled: unhandledErrors.length, files: modules.map(toFile) },
    );
  }
}

function toFile(module: TestModule) {
  const states = [...module.children.allTests()].map((test) => test.result().state);
  const count = (state: string) => states.filter((one) => one === state).length;
  const [passed, failed] = [count("passed"), count("failed")];
  return {
    project: module.project.name,
    file: module.relativeModuleId,
    passed,
    // A file that fails to load has no tests.
    failed: failed + module.errors().length,
    skipped: states.length - passed - failed,
    seconds: module.diagnostic().duration / 1000,
  };
}

import type { Command } from "commander";
import type { ReportOptions } from "./commands/report";
import { JSON_HELP, type Perform } from "./perform";

/** `doom report`: its options. */
export function addReportCommand(program: Command, perform: Perform): void {
  program
    .command("report")
    .description("what recorded runs have measured, as a page, as Markdown and as JSON")
    .option("--out <folder>", "where it is written (default: the project's reports/)")
    .option("--json", JSON_HELP)
    .action((options: ReportOptions & { readonly json?: boolean }) =>
      perform("report", undefined, options, async () =>
        (await import("./commands/report.js")).report(options),
      ),
    );
}

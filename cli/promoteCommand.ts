import type { Command } from "commander";
import type { PromoteOptions } from "./commands/promote";
import { JSON_HELP, type Perform } from "./perform";
import { WATCH_SECONDS } from "./upgradeCommands";

/** `doom promote`: its arguments and options. */
export function addPromoteCommand(program: Command, perform: Perform): void {
  const names = (name: string, before: string[]) => [...before, name];
  program
    .command("promote")
    .description("give an environment what the one before it has proven: image and settings")
    .argument("<from>", "the environment that has run it")
    .argument("<to>", "the next one, whose file names <from> (promotion.from)")
    .option("--dry-run", "show every gate and change, and change nothing")
    .option("--undo", "take the last promotion back: image, settings and data as they were")
    .option("--approved-by <name>", "who has approved it; again for each", names, [])
    .option("--expect <hash>", "promote this bundle only, as a dry run has shown it")
    .option("--watch <seconds>", "how long to watch the new version", String(WATCH_SECONDS))
    .option("--retry-held", "try an image again that has failed there")
    .option("--json", JSON_HELP)
    .action((from: string, to: string, options: PromoteOptions & { readonly json?: boolean }) =>
      perform("promote", to, options, async (context) =>
        (await import("./commands/promote.js")).promote(from, to, options, context),
      ),
    );
}

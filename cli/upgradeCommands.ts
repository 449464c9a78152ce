import type { Command } from "commander";
import { HEALTHY_SECONDS } from "../config/health";
import type { RollbackOptions } from "./commands/rollback";
import type { UpgradeOptions } from "./commands/upgrade";
import { JSON_HELP, type Perform } from "./perform";

/** `doom upgrade` and `doom rollback`: their arguments and options. */

/** A version that does not become healthy is not noticed earlier; and never less than a minute. */
export const WATCH_SECONDS = Math.max(60, HEALTHY_SECONDS);

export function addUpgradeCommands(program: Command, perform: Perform): void {
  program
    .command("upgrade")
    .description("go over to another version, rehearsed on a copy of the data, with a way back")
    .argument("<stack>")
    .option("--to <version>", "a version of the support table (default: the newest)")
    .option("--image <reference>", "an image by digest or ID instead")
    .option("--service <name>", "what to upgrade", "code-server")
    .option("--watch <seconds>", "how long to watch the new version", String(WATCH_SECONDS))
    .option("--retry-held", "try a version again that has failed")
    .option("--json", JSON_HELP)
    .action((stack: string, options: UpgradeOptions & { readonly json?: boolean }) =>
      perform("upgrade", stack, options, async (context) =>
        (await import("./commands/upgrade.js")).upgrade(stack, options, context),
      ),
    );
  program
    .command("rollback")
    .description("bring back image, configuration and data as they were before an upgrade")
    .argument("<stack>")
    .option("--to <record>", "before that upgrade (default: the one that runs)")
    .option("--service <name>", "what goes back", "code-server")
    .option("--json", JSON_HELP)
    .action((stack: string, options: RollbackOptions & { readonly json?: boolean }) =>
      perform("rollback", stack, options, async (context) =>
        (await import("./commands/rollback.js")).rollback(stack, options, context),
      ),
    );
}

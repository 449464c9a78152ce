import type { Command } from "commander";
import type { OpenOptions } from "./commands/open";
import { JSON_HELP, type Perform } from "./perform";

interface JsonOption {
  readonly json?: boolean;
}

/** `doom open` and `doom diagnose`: their arguments and options. */
export function addAccessCommands(program: Command, perform: Perform): void {
  program
    .command("open")
    .description("open an environment in your browser, or print its address where there is none")
    .argument("<stack>")
    .argument("[n]", "the editor's number; any editor when it is left out")
    .option("--print", "only print the address")
    .option("--qr", "print the address for a phone, as a QR code")
    .option("--json", JSON_HELP)
    .action((stack: string, instance: string | undefined, options: JsonOption & OpenOptions) =>
      perform("open", stack, options, async (context) =>
        (await import("./commands/open.js")).open(stack, instance, options, context),
      ),
    );
  program
    .command("diagnose")
    .description("pack logs, states and versions for somebody who helps, without secrets")
    .argument("[stack]", "one environment; all that were created when none is named")
    .option("--out <path>", "the file to write, or its folder", ".")
    .option("--json", JSON_HELP)
    .action((stack: string | undefined, options: JsonOption & { readonly out?: string }) =>
      perform("diagnose", stack, options, async (context) =>
        (await import("./commands/diagnose.js")).diagnose(stack, options, context),
      ),
    );
}

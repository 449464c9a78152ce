import type { Command } from "commander";
import { JSON_HELP, type Perform } from "./perform";

/** `doom snapshot …`: its arguments and options; the module is loaded only when one of them runs. */

interface Options {
  readonly json?: boolean;
  readonly instance?: string;
  readonly stop?: boolean;
  readonly confirmShrunken?: boolean;
  readonly switch?: boolean;
  readonly drill?: boolean;
}

const INSTANCE = "-i, --instance <n>";

export function addSnapshotCommands(program: Command, perform: Perform): void {
  const snapshot = program
    .command("snapshot")
    .description("keep the data of editors as it was, prove it and bring it back");
  snapshot
    .command("create")
    .description("make a snapshot of an editor's data and prove it")
    .argument("<stack>")
    .option(INSTANCE, "the editor's number", "1")
    .option("--stop", "stop the editor meanwhile, and start it again")
    .option("--confirm-shrunken", "take data that is empty or much smaller than before")
    .option("--json", JSON_HELP)
    .action((stack: string, options: Options) =>
      perform("snapshot create", stack, options, async (context) =>
        (await load()).create(stack, options, context),
      ),
    );
  snapshot
    .command("list")
    .description("show the snapshots of an environment, the newest first")
    .argument("<stack>")
    .option("--json", JSON_HELP)
    .action((stack: string, options: Options) =>
      perform("snapshot list", stack, options, async (context) =>
        (await load()).list(stack, context),
      ),
    );
  snapshot
    .command("verify")
    .description("read everything that is stored and say whether it is as it was")
    .argument("<stack>")
    .argument("[snapshot]", "the one for --drill: `latest`, or the beginning of its ID", "latest")
    .option(INSTANCE, "whose `latest`", "1")
    .option("--drill", "restore it into a scratch volume, compare, and record the evidence")
    .option("--json", JSON_HELP)
    .action((stack: string, wanted: string, options: Options) =>
      perform("snapshot verify", stack, options, async (context) =>
        (await load()).verify(stack, wanted, options, context),
      ),
    );
  addChangingCommands(snapshot, perform);
}

function addChangingCommands(snapshot: Command, perform: Perform): void {
  snapshot
    .command("restore")
    .description("bring a snapshot back into a fresh volume and prove it")
    .argument("<stack>")
    .argument("[snapshot]", "`latest`, or the beginning of its ID", "latest")
    .option(INSTANCE, "whose `latest`", "1")
    .option("--switch", "then make it the editor's data; what that was is kept as a snapshot")
    .option("--json", JSON_HELP)
    .action((stack: string, wanted: string, options: Options) =>
      perform("snapshot restore", stack, options, async (context) =>
        (await load()).restore(stack, wanted, options, context),
      ),
    );
  snapshot
    .command("prune")
    .description("keep the last snapshot of 7 days, 4 weeks and 12 months of each editor")
    .argument("<stack>")
    .option("--json", JSON_HELP)
    .action((stack: string, options: Options) =>
      perform("snapshot prune", stack, options, async (context) =>
        (await load()).prune(stack, context),
      ),
    );
}

function load() {
  return import("./commands/snapshot.js");
}

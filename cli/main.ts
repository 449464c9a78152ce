#!/usr/bin/env node
// First: it decides what the libraries load.
import "../leanModules";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, CommanderError } from "commander";
import { addAccessCommands } from "./accessCommands";
import type { DownOptions } from "./commands/down";
import type { MigrateVolumeOptions } from "./commands/migrateVolume";
import type { VerifyOptions } from "./commands/verify";
import { Display } from "./display";
import type { CommandContext } from "./engineRun";
import { EXIT_CODES, exitCodeTable } from "./exitCodes";
import { Interrupts } from "./interrupts";
import { classify, describeError, errorDocument, type Outcome } from "./output";
import { JSON_HELP } from "./perform";
import { addPromoteCommand } from "./promoteCommand";
import { addReportCommand } from "./reportCommand";
import { addSecretsCommands } from "./secretsCommands";
import { addSnapshotCommands } from "./snapshotCommands";
import { addUpgradeCommands } from "./upgradeCommands";

/** `doom`: the commands of this project. Each module is loaded only when its command runs. */

const { version } = JSON.parse(
  readFileSync(join(__dirname, "..", "..", "package.json"), "utf8"),
) as { version: string };

interface JsonOption {
  readonly json?: boolean;
}

/** Runs one command: progress on standard error, its outcome on standard output. */
async function perform(
  name: string,
  stack: string | undefined,
  { json = false }: JsonOption,
  work: (context: CommandContext) => Promise<Outcome>,
): Promise<void> {
  const display = new Display();
  const interrupts = new Interrupts(display);
  try {
    const outcome = await work({ display, interrupts });
    display.stop();
    const document = { command: name, ...(stack ? { stack } : {}), result: "succeeded" };
    // A command that hands the terminal over has said everything itself.
    const text = json ? JSON.stringify({ ...document, ...outcome.data }) : outcome.text;
    if (text !== "") process.stdout.write(`${text}\n`);
    process.exitCode = outcome.exitCode ?? 0;
  } catch (error) {
    display.stop();
    reportFailure(name, stack, json, error);
  }
}

/** The message for people goes to standard error in any case. */
function reportFailure(
  name: string,
  stack: string | undefined,
  json: boolean,
  error: unknown,
): void {
  if (json) process.stdout.write(`${JSON.stringify(errorDocument(name, stack, error))}\n`);
  process.stderr.write(`${describeError(error)}\n`);
  process.exitCode = classify(error).exitCode;
}

function addStackCommands(program: Command): void {
  program
    .command("init")
    .description("make a passphrase and an empty stack for each stack file that has none")
    .argument("[stack...]", "stacks; all of the project when none is named")
    .option("--json", JSON_HELP)
    .action((stacks: string[], options: JsonOption) =>
      perform("init", undefined, options, async (context) =>
        (await import("./commands/init.js")).init(stacks, context),
      ),
    );
  program
    .command("up")
    .description("bring an environment up, or up to date")
    .argument("<stack>", "its name, as in Pulumi.<stack>.yaml")
    .option("--json", JSON_HELP)
    .action((stack: string, options: JsonOption) =>
      perform("up", stack, options, async (context) =>
        (await import("./commands/up.js")).up(stack, context),
      ),
    );
  program
    .command("preview")
    .description("show what an up would change")
    .argument("<stack>")
    .option("--json", JSON_HELP)
    .action((stack: string, options: JsonOption) =>
      perform("preview", stack, options, async (context) =>
        (await import("./commands/preview.js")).preview(stack, context),
      ),
    );
  program
    .command("down")
    .description("take an environment down; its files and passwords stay")
    .argument("<stack>")
    .option("--purge", "delete its volumes and passwords, too")
    .option("--yes", "do not ask before --purge")
    .option("--json", JSON_HELP)
    .action((stack: string, options: JsonOption & { purge?: boolean; yes?: boolean }) =>
      perform("down", stack, options, async (context) =>
        (await import("./commands/down.js")).down(
          stack,
          await downOptions(stack, options),
          context,
        ),
      ),
    );
}

async function downOptions(
  stack: string,
  { purge = false, yes = false }: { purge?: boolean; yes?: boolean },
): Promise<DownOptions> {
  const { confirmPurge } = await import("./confirm.js");
  return { purge, confirm: yes ? async () => {} : (volumes) => confirmPurge(stack, volumes) };
}

function addMigrateConfig(migrate: Command): void {
  migrate
    .command("config")
    .description("bring a stack's file to the current schema, or take over an installer's .env")
    .argument("<stack>")
    .option("--from <file>", "the .env of an installer; the stack is created when there is none")
    .option("--dry-run", "show every step and key, and write nothing")
    .option("--json", JSON_HELP)
    .action((stack: string, options: JsonOption & { from?: string; dryRun?: boolean }) =>
      perform("migrate config", stack, options, async (context) =>
        (await import("./commands/migrateConfig.js")).migrateConfig(
          stack,
          { dryRun: false, ...options },
          context,
        ),
      ),
    );
}

function addLookingCommands(program: Command): void {
  program
    .command("claude")
    .description("Claude Code beside an editor, in this terminal")
    .argument("<stack>")
    .argument(
      "[arguments...]",
      "the editor's number (default: 1), then what Claude Code gets: 2 -- -p hello",
    )
    .action((stack: string, given: readonly string[]) =>
      perform("claude", stack, {}, async (context) =>
        (await import("./commands/claude.js")).claude(stack, given, context),
      ),
    );
  program
    .command("status")
    .description("show how an environment is doing, or all of them")
    .argument("[stack]")
    .option("--watch", "go on showing instances, sessions, limits and use; Ctrl-C ends it")
    .option("--json", JSON_HELP)
    .action((stack: string | undefined, options: JsonOption & { watch?: boolean }) =>
      perform("status", stack, options, async () =>
        options.watch
          ? (await import("./commands/statusWatch.js")).watchStatus(stack, options.json ?? false)
          : (await import("./commands/status.js")).status(stack),
      ),
    );
  program
    .command("password")
    .description("print the password of an editor, and nothing else")
    .argument("<stack>")
    .argument("[n]", "the editor's number", "1")
    .option("--json", JSON_HELP)
    .action((stack: string, instance: string, options: JsonOption) =>
      perform("password", stack, options, async (context) =>
        (await import("./commands/password.js")).password(stack, instance, context),
      ),
    );
  program
    .command("verify")
    .description("prove what is promised about running environments")
    .argument("[stack...]", "one for --secrets and --limits; else some, or all that are deployed")
    .option("--secrets", "no secret stands readable in what Docker, Pulumi or doom keep or print")
    .option("--kept", "nothing would change, such as after an update of Pulumi, a plugin or doom")
    .option("--limits", "CPUs, memory and processes hold in Docker and in the kernel; storage used")
    .option("--isolation", "nothing is reached or shared but what is declared; tried out")
    .option("--interop", "all parts that are declared to, and no others, get on; tried out")
    .option("--record", "keep what --isolation or --interop finds for doom report")
    .option("--json", JSON_HELP)
    .action((stacks: string[], options: JsonOption & VerifyOptions) =>
      perform("verify", stacks.length === 1 ? stacks[0] : undefined, options, async (context) =>
        (await import("./commands/verify.js")).verify(stacks, options, context),
      ),
    );
  program
    .command("doctor")
    .description("examine this machine: every part that is needed, its version and its health")
    .option("--json", JSON_HELP)
    .action(async ({ json = false }: JsonOption) => {
      try {
        process.exitCode = await (await import("./commands/doctor.js")).doctor(json);
      } catch (error) {
        reportFailure("doctor", undefined, json, error);
      }
    });
}

interface MigrateVolumeFlags extends JsonOption, MigrateVolumeOptions {}

function addMigrateVolume(migrate: Command): void {
  migrate
    .command("volume")
    .description("copy the data of a volume and prove that all of it arrived")
    .argument("<from>", "STACK:N, volume:NAME, directory:/PATH or archive:PATH")
    .argument(
      "<to>",
      "the same; an environment's volume, or a new one, is made when it is not there",
    )
    .option("--across-environments", "let data of one environment go to another")
    .option("--quick", "trust sizes and times instead of reading again what was proven before")
    .option("--overwrite", "give up what was changed in an earlier copy since it was made")
    .option("--dry-run", "say what there is to do, and change nothing")
    .option("--json", JSON_HELP)
    .action((from: string, to: string, options: MigrateVolumeFlags) =>
      perform("migrate volume", undefined, options, async (context) =>
        (await import("./commands/migrateVolume.js")).migrateVolumeCommand(
          from,
          to,
          options,
          context,
        ),
      ),
    );
}

interface AdoptFlags extends JsonOption {
  readonly from?: string;
  readonly port?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

function addAdopt(program: Command): void {
  program
    .command("adopt")
    .description("take over the setup of the single-host installer, and leave it as it is")
    .argument("[stack]", "the environment that it becomes; made when there is none", "adopted")
    .option("--from <file>", "its .env; needed when Docker does not say where that is")
    .option("--port <port>", "the port of a new environment; the .env's, or the next free one")
    .option("--dry-run", "show what it would do, and change nothing")
    .option("--yes", "do not ask before it begins")
    .option("--json", JSON_HELP)
    .action((stack: string, { dryRun = false, yes = false, ...options }: AdoptFlags) =>
      perform("adopt", stack, options, async (context) => {
        const { confirmPlan } = await import("./confirm.js");
        const confirm = yes ? async () => {} : confirmPlan;
        const { adopt } = await import("./commands/adopt.js");
        return adopt(stack, { ...options, dryRun, confirm }, context);
      }),
    );
}

/** Commander's own complaints (unknown command, missing argument) are wrong usage, too. */
function reportUsage(error: unknown, args: readonly string[]): void {
  if (!(error instanceof CommanderError)) throw error;
  // Help and version that were asked for end with 0; commander has printed them.
  process.exitCode = error.exitCode === 0 ? 0 : EXIT_CODES.usage;
  if (error.exitCode === 0 || !args.includes("--json")) return;
  const message = error.message.replace(/^error: /, "");
  const document = {
    command: args[0] ?? "",
    result: "failed",
    exitCode: EXIT_CODES.usage,
    error: { kind: "usage", message },
  };
  process.stdout.write(`${JSON.stringify(document)}\n`);
}

/** `doom status | head -1`: who reads us has had enough, which is no error. */
function endWithReader(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(process.exitCode ?? 0);
  });
}

async function main(args: readonly string[]): Promise<void> {
  endWithReader();
  const program = new Command("doom")
    .description("Cloud development environments on your own Docker host.")
    .version(version)
    .exitOverride()
    .showHelpAfterError("(doom --help shows the commands)")
    .addHelpText("after", `\n${exitCodeTable()}`);
  addStackCommands(program);
  const migrate = program.command("migrate").description("move configuration or data");
  addMigrateConfig(migrate);
  addMigrateVolume(migrate);
  addAdopt(program);
  addLookingCommands(program);
  addAccessCommands(program, perform);
  addSecretsCommands(program, perform);
  addSnapshotCommands(program, perform);
  addUpgradeCommands(program, perform);
  addPromoteCommand(program, perform);
  addReportCommand(program, perform);
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    reportUsage(error, args);
  }
}

void main(process.argv.slice(2));

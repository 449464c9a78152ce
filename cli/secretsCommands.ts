import type { Command } from "commander";
import { Failure } from "../operations/failure";
import { JSON_HELP, type Perform } from "./perform";

interface Options {
  readonly json?: boolean;
  readonly up?: boolean;
  readonly stdin?: boolean;
  readonly toFile?: boolean;
}

const SECRET = "its name, as `doom secrets list` shows it";

/** Adds `doom secrets …` to `program`. */
export function addSecretsCommands(program: Command, perform: Perform): void {
  const secrets = program
    .command("secrets")
    .description("list, set and rotate an environment's secrets, and change its passphrase");
  secrets
    .command("list")
    .description("show which secrets an environment has; never their values")
    .argument("<stack>")
    .option("--json", JSON_HELP)
    .action((stack: string, options: Options) =>
      perform("secrets list", stack, options, async () =>
        (await import("./commands/secrets/list.js")).listSecrets(stack),
      ),
    );
  addSettingCommands(secrets, perform);
  secrets
    .command("rotate")
    .description("make generated secrets anew and prove that the old ones are refused")
    .argument("<stack>")
    .argument("[name...]", "names of secrets; all generated ones when none is named")
    .option("--json", JSON_HELP)
    .action((stack: string, names: string[], options: Options) =>
      perform("secrets rotate", stack, options, async (context) =>
        (await import("./commands/secrets/rotate.js")).rotateSecrets(stack, names, context),
      ),
    );
  addPassphraseCommand(secrets, perform);
}

function addPassphraseCommand(secrets: Command, perform: Perform): void {
  secrets
    .command("passphrase")
    .description("change the passphrase that encrypts the state and the stack file")
    .argument("<stack>")
    .option("--stdin", "read the new one from standard input instead of generating it")
    .option("--to-file", "put it into .passphrases/<stack>, though the present one is exported")
    .option("--json", JSON_HELP)
    .action((stack: string, { stdin = false, toFile = false, ...options }: Options) =>
      perform("secrets passphrase", stack, options, async (context) => {
        const { changeStackPassphrase } = await import("./commands/secrets/passphrase.js");
        const { readSecret } = await import("./secretInput.js");
        return changeStackPassphrase(stack, { stdin, toFile }, readSecret, context);
      }),
    );
}

function addSettingCommands(secrets: Command, perform: Perform): void {
  secrets
    .command("set")
    .description("set an editor's password, read from standard input or asked for")
    .argument("<stack>")
    .argument("<name>", SECRET)
    .option("--no-up", "only put it into the stack file; the next up applies it")
    .option("--json", JSON_HELP)
    .allowExcessArguments()
    .action((stack: string, name: string, options: Options, command: Command) =>
      perform("secrets set", stack, options, async (context) => {
        refuseValue(command);
        const { setSecret } = await import("./commands/secrets/set.js");
        const { readSecret } = await import("./secretInput.js");
        return setSecret(stack, name, { up: options.up !== false }, readSecret, context);
      }),
    );
  secrets
    .command("unset")
    .description("go back to a generated password")
    .argument("<stack>")
    .argument("<name>", SECRET)
    .option("--no-up", "only take it out of the stack file; the next up applies it")
    .option("--json", JSON_HELP)
    .action((stack: string, name: string, options: Options) =>
      perform("secrets unset", stack, options, async (context) =>
        (await import("./commands/secrets/set.js")).unsetSecret(
          stack,
          name,
          { up: options.up !== false },
          context,
        ),
      ),
    );
}

/** The value is not repeated: it stands in the shell's history already. */
function refuseValue({ args }: Command): void {
  if (args.length <= 2) return;
  throw new Failure("usage", "A secret does not belong on a command line.", {
    problems: ["there every process list and the shell's history show it: choose another one"],
    fix: "run the command without it to be asked, or pipe it in: doom secrets set STACK NAME < FILE",
  });
}

import { EngineCommand, EngineError, findEngine } from "../../operations/engine";
import { Failure } from "../../operations/failure";
import {
  checkPassphrase,
  ensurePassphraseFile,
  isPassphraseExported,
  readPassphrase,
} from "../../operations/passphrase";
import { findProject, listStacks, type Project, readStackFile } from "../../operations/project";
import { requireStateFolder } from "../../operations/stackSession";
import { readState } from "../../operations/stateFiles";
import { failureOf } from "../engineFailure";
import type { CommandContext } from "../engineRun";
import type { Outcome } from "../output";

/** What `doom init` did for one stack. */
interface Initialised {
  readonly stack: string;
  readonly created: boolean;
  /** Whether a passphrase was made; its path is `.passphrases/<stack>`. */
  readonly passphraseMade: boolean;
}

/** `doom init [stack...]`: a passphrase and an empty stack for each that has none. */
export async function init(stacks: readonly string[], context: CommandContext): Promise<Outcome> {
  const project = findProject();
  requireStateFolder(project);
  const results: Initialised[] = [];
  for (const stack of stacks.length > 0 ? stacks : listStacks(project)) {
    results.push(await initOne(project, stack, context));
  }
  context.display.stop();
  const lines = results.map(({ stack, created, passphraseMade }) => {
    if (!created) return `${stack} is there already.`;
    const passphrase = passphraseMade
      ? ` Its passphrase is in .passphrases/${stack}: keep a copy.`
      : "";
    return `Created ${stack}.${passphrase}`;
  });
  return {
    text: lines.length > 0 ? lines.join("\n") : "There is no stack file in this project.",
    data: { stacks: results },
  };
}

async function initOne(
  project: Project,
  stack: string,
  context: CommandContext,
): Promise<Initialised> {
  const file = readStackFile(project, stack);
  if (readState(project, stack)) return { stack, created: false, passphraseMade: false };
  if (file.secretsProvider !== undefined && file.secretsProvider !== "passphrase") {
    await createStack(project, stack, {}, context, file.secretsProvider);
    return { stack, created: true, passphraseMade: false };
  }
  const mayMake = !isPassphraseExported(project, stack) && file.encryptionSalt === undefined;
  const passphraseMade = mayMake && ensurePassphraseFile(project, stack);
  const passphrase = readPassphrase(project, stack);
  if (file.encryptionSalt !== undefined) {
    await checkPassphrase(stack, passphrase, file.encryptionSalt);
  }
  await createStack(project, stack, passphrase.environment, context);
  return { stack, created: true, passphraseMade };
}

/** `--no-select`: which stack the user's own `pulumi` commands act on is not ours to change. */
async function createStack(
  project: Project,
  stack: string,
  environment: Readonly<Record<string, string>>,
  context: CommandContext,
  secretsProvider?: string,
): Promise<void> {
  const command = new EngineCommand(await findEngine(project));
  const provider = secretsProvider ? ["--secrets-provider", secretsProvider] : [];
  context.interrupts.watch(command);
  context.display.enter(`creating ${stack}`);
  try {
    await command.run(
      ["stack", "init", stack, "--no-select", ...provider],
      project.root,
      environment,
    );
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    const interrupted = context.interrupts.received;
    const failure = failureOf({ purpose: "read", stack, error, messages: [], interrupted });
    throw new Failure(failure.kind, `The stack ${stack} was not created.`, {
      problems: failure.problems,
      fix: `set right what it names and run npx doom init ${stack}`,
    });
  }
}

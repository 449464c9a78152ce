import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join, relative } from "node:path";
import { passphraseProblem } from "../../../checks/passphraseChange";
import { EngineCommand, type EngineLocation, findEngine } from "../../../operations/engine";
import { Failure } from "../../../operations/failure";
import { clearStaleLocks } from "../../../operations/locks";
import { oldCiphertexts } from "../../../operations/oldCiphertext";
import {
  generatePassphrase,
  isPassphraseExported,
  passphrasePath,
  readPassphrase,
  stackKey,
} from "../../../operations/passphrase";
import { changePassphrase, finishInterruptedChange } from "../../../operations/passphraseChange";
import type { PassphraseChange } from "../../../operations/passphraseTrial";
import { findProject, type Project, readStackFile } from "../../../operations/project";
import { openSession, requireStateFolder } from "../../../operations/stackSession";
import { type CommandContext, runEngine } from "../../engineRun";
import type { Outcome } from "../../output";

export interface PassphraseOptions {
  /** Whether the new one is read from standard input instead of generated. */
  readonly stdin: boolean;
  /** Whether it goes into the project's own file, though the present one is exported. */
  readonly toFile: boolean;
}

/** `doom secrets passphrase <stack>`: another passphrase for the state and the stack file. */
export async function changeStackPassphrase(
  stack: string,
  { stdin, toFile }: PassphraseOptions,
  readValue: (what: string) => Promise<string>,
  context: CommandContext,
): Promise<Outcome> {
  context.display.enter(`checking ${stack}`);
  const project = findProject();
  requirePassphraseProvider(project, stack);
  requireStateFolder(project);
  const engine = await findEngine(project);
  const change = { project, stack, command: new EngineCommand(engine) };
  for (const note of clearStaleLocks(project, stack)) context.display.line(note);
  const looking = `looking for an interrupted change of ${stack}`;
  const finished = await inEngine(change, context, looking, () => finishInterruptedChange(change));
  if (finished && !stdin) return describe(change, engine, true);
  requireOwnFile(project, stack, toFile);
  await openSession(stack);
  const present = readPassphrase(project, stack).value;
  context.display.stop();
  const chosen = stdin ? await readChosen(stack, readValue) : generatePassphrase();
  if (chosen !== present) {
    const encrypting = "encrypting everything anew, on a copy first";
    await inEngine(change, context, encrypting, () => changePassphrase(change, present, chosen));
  } else if (!finished) {
    throw new Failure("usage", `That is the passphrase of ${stack} already; nothing was changed.`);
  }
  return describe(change, engine, finished);
}

async function inEngine<T>(
  change: PassphraseChange,
  context: CommandContext,
  phase: string,
  work: () => Promise<T>,
): Promise<T> {
  const { result } = await runEngine(change, context, { purpose: "passphrase", phase }, work);
  context.display.stop();
  return result;
}

function requirePassphraseProvider(project: Project, stack: string): void {
  const { secretsProvider = "passphrase" } = readStackFile(project, stack);
  if (secretsProvider === "passphrase") return;
  throw new Failure("usage", `${stack} has no passphrase: ${secretsProvider} keeps its secrets.`, {
    fix: "change the key there",
  });
}

/** An exported passphrase cannot be changed from here: the next command would still be given the old one. */
function requireOwnFile(project: Project, stack: string, toFile: boolean): void {
  if (!isPassphraseExported(project, stack)) return;
  const { source, value } = readPassphrase(project, stack);
  const file = relative(project.root, passphrasePath(project, stack));
  if (!toFile) {
    throw new Failure("usage", `The passphrase of ${stack} is exported by ${source}.`, {
      problems: ["it would still be the old one for every command after this"],
      fix: `unset it and put the passphrase into ${file} (mode 0600), or add --to-file: the new one is put there, and the variable is yours to unset`,
    });
  }
  const isThere = existsSync(passphrasePath(project, stack));
  if (isThere && readPassphrase(project, stack, {}).value !== value) {
    throw new Failure("passphrase", `${file} holds another passphrase than ${source}.`, {
      fix: "move it away",
    });
  }
}

async function readChosen(
  stack: string,
  readValue: (what: string) => Promise<string>,
): Promise<string> {
  const chosen = await readValue(`passphrase of ${stack}`);
  const problem = passphraseProblem(chosen);
  if (problem === undefined) return chosen;
  throw new Failure("usage", `The given passphrase ${problem}; nothing was changed.`);
}

async function describe(
  { project, stack }: PassphraseChange,
  { environment }: EngineLocation,
  finished: boolean,
): Promise<Outcome> {
  const logs = join(environment.PULUMI_HOME ?? join(homedir(), ".pulumi"), "logs");
  const old = oldCiphertexts(project, stack, logs, await presentKey(project, stack));
  const file = relative(project.root, passphrasePath(project, stack));
  const exported = isPassphraseExported(project, stack);
  const text = [
    ...(finished ? ["The change that was interrupted is finished."] : []),
    `${stack} has another passphrase, in ${file}: keep a copy. All secrets are the same.`,
    ...(exported ? ["Unset the variable that exports the old one."] : []),
    "",
    "What was written before still opens with the passphrase of then:",
    ...old.map(({ folder, files }) => `  ${folder}: ${files} ${files === 1 ? "file" : "files"}`),
    `  copies of Pulumi.${stack}.yaml and of the state in version control and in your backups`,
    "If others may know that one, make what they can read there worthless:",
    `  npx doom secrets rotate ${stack}`,
  ].join("\n");
  return { text, data: { file, finishedInterrupted: finished, stillOld: old } };
}

async function presentKey(project: Project, stack: string): Promise<Buffer> {
  const { encryptionSalt = "" } = readStackFile(project, stack);
  const { value } = readPassphrase(project, stack, {});
  const key = await stackKey(value, encryptionSalt);
  if (key) return key;
  throw new Error(`the passphrase of ${stack} was changed and does not open its file`);
}

import { cpSync, mkdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parseCheckpoint } from "../checks/checkpoint";
import { parseStackFile } from "../checks/stackFile";
import type { EngineCommand } from "./engine";
import { opensSalt } from "./passphrase";
import { type Project, stackFilePath } from "./project";
import { bookkeeping, statePath } from "./stateFiles";

/** Another passphrase for a copy of a stack, by Pulumi's own command, and the proof that it is a copy. */

/** A stack, and the engine that works on it. */
export interface PassphraseChange {
  readonly project: Project;
  readonly stack: string;
  readonly command: EngineCommand;
}

/** A stack's two files, whole. */
export interface StackBytes {
  readonly state: Buffer;
  readonly file: Buffer;
}

/**
 * Copies the stack's files into `folder` and encrypts the copies with `newPassphrase`.
 *
 * Throws an EngineError when Pulumi's command fails, and an Error unless the new passphrase opens the
 * copies, the old one does not, and every value in them is the same.
 */
export async function encryptCopies(
  change: PassphraseChange,
  folder: string,
  oldPassphrase: string,
  newPassphrase: string,
): Promise<{ readonly before: StackBytes; readonly after: StackBytes; readonly salt: string }> {
  const { project, stack } = change;
  const copy = copyInto(folder, project, stack);
  const before = readBytes(copy, stack);
  const values = await plainValues(change, copy, oldPassphrase);
  const command = ["stack", "change-secrets-provider", "passphrase"];
  await run(change, copy, command, oldPassphrase, `${newPassphrase}\n`);
  if (!isDeepStrictEqual(await plainValues(change, copy, newPassphrase), values)) {
    throw new Error(`changing the passphrase of ${stack} would have changed a value`);
  }
  const { state, file: salt } = saltsOf(copy, stack);
  const isGood =
    salt !== undefined &&
    salt === state &&
    (await opensSalt(newPassphrase, salt)) &&
    !(await opensSalt(oldPassphrase, salt));
  if (!isGood) throw new Error(`Pulumi did not take over the new passphrase of ${stack}`);
  return { before, after: readBytes(copy, stack), salt };
}

function copyInto(folder: string, project: Project, stack: string): Project {
  const copy = { ...project, root: join(folder, "project"), stateFolder: join(folder, "state") };
  const paths = [
    (of: Project) => join(of.root, "Pulumi.yaml"),
    (of: Project) => stackFilePath(of, stack),
    (of: Project) => statePath(of, stack),
    // By it the backend knows in which of its layouts the state lies.
    (of: Project) => bookkeeping(of, "meta.yaml"),
  ];
  for (const path of paths) {
    mkdirSync(dirname(path(copy)), { recursive: true, mode: 0o700 });
    cpSync(path(project), path(copy), { dereference: true });
  }
  return copy;
}

export function readBytes(project: Project, stack: string): StackBytes {
  return {
    state: readFileSync(statePath(project, stack)),
    file: readFileSync(stackFilePath(project, stack)),
  };
}

/** The salts that the two files name; undefined where one names none. */
export function saltsOf(project: Project, stack: string): { state?: string; file?: string } {
  const { state, file } = readBytes(project, stack);
  const path = stackFilePath(project, stack);
  const { salt } = parseCheckpoint(state.toString(), `organization/${project.name}/${stack}`);
  const { encryptionSalt } = parseStackFile(file, basename(path));
  return { ...(salt ? { state: salt } : {}), ...(encryptionSalt ? { file: encryptionSalt } : {}) };
}

/** Every value of the state and of the configuration, opened with `passphrase`; throws an EngineError. */
export async function plainValues(
  change: PassphraseChange,
  project: Project,
  passphrase: string,
): Promise<unknown> {
  const [state, configuration] = await Promise.all([
    run(change, project, ["stack", "export", "--show-secrets"], passphrase),
    run(change, project, ["config", "--show-secrets", "--json"], passphrase),
  ]);
  const { deployment } = JSON.parse(state) as { deployment: Record<string, unknown> };
  const { resources, pending_operations } = deployment;
  return { resources, pending_operations, configuration: JSON.parse(configuration) };
}

/** The passphrase goes as a variable: an exported one would be preferred to any file. */
async function run(
  { command, stack }: PassphraseChange,
  { root, stateFolder }: Project,
  args: readonly string[],
  passphrase: string,
  input = "",
): Promise<string> {
  const environment = {
    PULUMI_BACKEND_URL: `file://${stateFolder}`,
    PULUMI_CONFIG_PASSPHRASE: passphrase,
  };
  const all = [...args, "--stack", stack];
  return (await command.runWithInput(all, root, environment, input)).stdout;
}

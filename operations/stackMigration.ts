import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { type Cidr, firstFree, formatCidr, parseCidrLoosely } from "../checks/cidr";
import { parseStackFile } from "../checks/stackFile";
import type { NamedFile } from "../config/migrations/parts";
import { type ConfigurationPlan, planConfiguration } from "../config/migrations/plan";
import { StackDocument } from "../config/stackDocument";
import { encryptSecrets } from "./encryptSecrets";
import type { EngineCommand } from "./engine";
import { errorCode, Failure } from "./failure";
import { refuseHeld, withLock } from "./locks";
import { neighbourStacks } from "./neighbours";
import { type Project, readStackFile, requireStackName, stackFilePath } from "./project";
import { replaceFile } from "./replaceFile";
import { openSession, type StackSession } from "./stackSession";
import { readState } from "./stateFiles";

/** A planned migration of one stack's file; nothing was written yet. */
export interface StackMigration {
  readonly stack: string;
  readonly path: string;
  /** The installer's `.env` that is taken over. */
  readonly envPath: string | undefined;
  /** The file's text; undefined when there is none yet. */
  readonly before: string | undefined;
  readonly plan: ConfigurationPlan;
  /** Whether anything would be written. */
  readonly changes: boolean;
}

/** No `.env` comes near it; what is larger is another file. */
const MAX_ENV_BYTES = 1024 * 1024;

/**
 * Plans how the file of `stack` becomes current, and takes over the installer's `.env` at `envPath` when
 * one is given. A stack file that does not exist is made then.
 *
 * Throws a {@link Failure} or a ConfigError; nothing is written in any case.
 */
export function planStackMigration(
  project: Project,
  stack: string,
  envPath?: string,
): StackMigration {
  const path = stackFilePath(project, requireStackName(project, stack));
  // An `.env` can begin a stack; without one there has to be a file, and this says so.
  if (envPath === undefined || existsSync(path)) readStackFile(project, stack);
  const before = existsSync(path) ? readFileSync(path, "utf8") : undefined;
  const plan = planConfiguration({
    stackFile: before,
    freeRange: (proposed) => freeRange(project, stack, proposed),
    ...(envPath === undefined ? {} : { env: readEnvFile(envPath) }),
  });
  const changes = plan.secrets.size > 0 || plan.document.toString() !== before;
  return { stack, path, envPath, before, plan, changes };
}

/** Reads an `.env` file. Throws a {@link Failure} when it is none that can be read. */
export function readEnvFile(path: string): NamedFile {
  const refuse = (what: string) =>
    new Failure("usage", `${path} ${what}.`, { fix: "name the .env file of the installer" });
  try {
    const status = statSync(path);
    if (!status.isFile()) throw refuse("is not a regular file");
    if (status.size > MAX_ENV_BYTES) throw refuse(`is too large (${status.size} bytes)`);
    return { name: path, bytes: readFileSync(path) };
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    throw refuse(code === "ENOENT" ? "does not exist" : `cannot be read (${code})`);
  }
}

/** A range that no other stack of the project claims; the preflight looks at the host as well. */
function freeRange(project: Project, stack: string, proposed: string): string {
  const taken = neighbourStacks(project, stack).flatMap(({ cidr }) => cidr ?? []);
  const wanted = parseCidrLoosely(proposed) as Cidr;
  return formatCidr(firstFree(wanted, taken) ?? wanted);
}

/** What a migration with secrets asks of who carries it out. */
export interface Surroundings {
  /**
   * Makes the stack when Pulumi does not know it yet: there has to be one before its secrets can be
   * encrypted, and for that a file.
   */
  createStack(): Promise<void>;
  /** Is told of the engine before it runs, to stop it when the user wants to stop. */
  watch(command: EngineCommand): void;
}

/**
 * Carries out a planned migration; gives the path of the backup of the stack's file.
 *
 * Throws a {@link Failure}; the file is as it was then, or not there when it was not.
 */
export async function carryOut(
  project: Project,
  migration: StackMigration,
  surroundings: Surroundings,
): Promise<string | undefined> {
  const { stack, path, plan, before } = migration;
  refuseHeld(project, stack);
  if (plan.secrets.size === 0) return write(migration, plan.document.toString(), true);
  if (before === undefined) write(migration, plan.document.toString(), false);
  try {
    if (readState(project, stack) === undefined) await surroundings.createStack();
    return await writeWithSecrets(project, migration, surroundings);
  } catch (error) {
    // Without its password it must not stay: an `up` would make another one.
    if (before === undefined) rmSync(path, { force: true });
    throw error;
  }
}

async function writeWithSecrets(
  project: Project,
  { stack, envPath, before }: StackMigration,
  surroundings: Surroundings,
): Promise<string | undefined> {
  // Planned again: Pulumi writes its salt into the file when it makes a stack.
  const present = planStackMigration(project, stack, envPath);
  const session = await openSession(stack);
  surroundings.watch(session.command);
  return withLock(project, stack, async () =>
    write(present, await withSecrets(present, session), before !== undefined),
  );
}

async function withSecrets({ plan }: StackMigration, session: StackSession): Promise<string> {
  const document = new StackDocument(plan.document.toString());
  const { ciphertexts, salt } = await encryptSecrets(session, document.toString(), plan.secrets);
  for (const [name, ciphertext] of ciphertexts) document.setSecret(name, ciphertext);
  if (salt !== undefined) document.setEncryptionSalt(salt);
  return document.toString();
}

function write(
  { path, before }: StackMigration,
  after: string,
  backup: boolean,
): string | undefined {
  // What is written has to be readable by the same strict reader that reads it next.
  parseStackFile(Buffer.from(after), path);
  return replaceFile({ path, before, after, secret: false, backup });
}

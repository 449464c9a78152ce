import { randomBytes } from "node:crypto";
import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { deriveKey, sealedBytes, unseal } from "./ciphertext";
import { errorCode, Failure } from "./failure";
import type { Project } from "./project";

/**
 * A stack's passphrase: where it is kept, how it is made and whether it is the right one.
 *
 * The order is Pulumi's own (pkg/secrets/passphrase): an exported PULUMI_CONFIG_PASSPHRASE, then
 * an exported PULUMI_CONFIG_PASSPHRASE_FILE, then what `doom init` made. It is never printed.
 */

/** Where a passphrase comes from, for messages, and the variable that hands it to Pulumi. */
export interface Passphrase {
  readonly value: string;
  readonly source: string;
  readonly environment: Readonly<Record<string, string>>;
}

const FOLDER = ".passphrases";
/** As strong as the AES-256 key that is derived from it: the ciphertext may become public. */
const ENTROPY_BYTES = 32;

/** A passphrase that nobody guesses, in characters that nothing has to quote. */
export function generatePassphrase(): string {
  return randomBytes(ENTROPY_BYTES).toString("base64url");
}

/** The file that `doom init` keeps the passphrase of `stack` in. */
export function passphrasePath(project: Project, stack: string): string {
  return join(project.root, FOLDER, stack);
}

/**
 * Whether the user provides the passphrase of `stack`, so that no file is to be made.
 *
 * To point Pulumi to the file that `doom init` makes is what its own commands are told to do.
 */
export function isPassphraseExported(
  project: Project,
  stack: string,
  environment: NodeJS.ProcessEnv = process.env,
): boolean {
  if (environment.PULUMI_CONFIG_PASSPHRASE !== undefined) return true;
  const file = environment.PULUMI_CONFIG_PASSPHRASE_FILE;
  return !!file && resolve(file) !== passphrasePath(project, stack);
}

/**
 * Reads the passphrase of `stack`.
 *
 * Throws a {@link Failure} when it is missing, empty, not a readable file or readable by others.
 */
export function readPassphrase(
  project: Project,
  stack: string,
  environment: NodeJS.ProcessEnv = process.env,
): Passphrase {
  const exported = environment.PULUMI_CONFIG_PASSPHRASE;
  if (exported !== undefined) {
    if (exported.trim() === "") {
      throw new Failure("passphrase", "PULUMI_CONFIG_PASSPHRASE is exported but empty.", {
        fix: `unset it to use ${FOLDER}/${stack}, or export the stack's passphrase`,
      });
    }
    return { value: exported, source: "PULUMI_CONFIG_PASSPHRASE", environment: {} };
  }
  const file = environment.PULUMI_CONFIG_PASSPHRASE_FILE;
  const path = file ? file : passphrasePath(project, stack);
  const source = file ? `PULUMI_CONFIG_PASSPHRASE_FILE (${file})` : relative(project.root, path);
  return {
    value: readPassphraseFile(path, source, stack),
    source,
    environment: { PULUMI_CONFIG_PASSPHRASE_FILE: path },
  };
}

function readPassphraseFile(path: string, source: string, stack: string): string {
  const refuse = (what: string, fix: string) =>
    new Failure("passphrase", `The passphrase of ${stack}, ${source}, ${what}.`, { fix });
  let text: string;
  try {
    const status = statSync(path);
    if (status.isDirectory()) throw refuse("is a folder", "put a file with the passphrase there");
    // A pipe would block for ever, a device never ends.
    if (!status.isFile()) throw refuse("is not a regular file", "put the passphrase in a file");
    if ((status.mode & 0o077) !== 0) {
      const mode = (status.mode & 0o777).toString(8).padStart(4, "0");
      throw refuse(`can be read by other users (mode ${mode})`, `chmod 600 ${path}`);
    }
    text = readFileSync(path, "utf8").trim();
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    if (code === "ENOENT") throw refuse("does not exist", missingFix(stack, source));
    throw refuse(`cannot be read (${code})`, `make it readable for you: chmod 600 ${path}`);
  }
  if (text === "") throw refuse("is empty", missingFix(stack, source));
  return text;
}

function missingFix(stack: string, source: string): string {
  return source.startsWith(FOLDER)
    ? `put the stack's passphrase there (mode 0600), or, for a stack that was never created, run \`npx doom init ${stack}\``
    : "point it to the file with the stack's passphrase";
}

/**
 * Makes a passphrase for `stack` unless there is one; true when it was made.
 *
 * The file appears whole or not at all, and never replaces another: two runs at once end with one.
 */
export function ensurePassphraseFile(project: Project, stack: string): boolean {
  const path = passphrasePath(project, stack);
  try {
    return createPassphraseFile(path);
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    throw new Failure("passphrase", `${path} cannot be made (${code}).`, {
      fix: "make the project's folder writable for you, or export PULUMI_CONFIG_PASSPHRASE",
    });
  }
}

function createPassphraseFile(path: string): boolean {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if ((statSync(folder).mode & 0o077) !== 0) chmodSync(folder, 0o700);
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) return false;
  const temporary = `${path}.${process.pid}.tmp`;
  const descriptor = openSync(temporary, "wx", 0o600);
  try {
    writeSync(descriptor, `${generatePassphrase()}\n`);
    fsyncSync(descriptor);
    linkSync(temporary, path);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  } finally {
    closeSync(descriptor);
    unlinkSync(temporary);
  }
}

/**
 * Whether `passphrase` opens what `salt` (a stack's `encryptionsalt`) was made with.
 *
 * Takes about half a second of another thread. Throws a {@link Failure} for a salt of another form.
 */
export async function opensSalt(passphrase: string, salt: string): Promise<boolean> {
  return (await stackKey(passphrase, salt)) !== undefined;
}

/**
 * Throws a {@link Failure} unless `passphrase` is the one that `stack` was made with, and opens each of
 * `ciphertexts` (of its file, by their paths): one of another stack would stop the engine half way.
 */
export async function checkPassphrase(
  stack: string,
  passphrase: Passphrase,
  salt: string,
  ciphertexts: ReadonlyMap<string, string> = new Map(),
): Promise<void> {
  const key = await stackKey(passphrase.value, salt);
  if (!key) {
    throw new Failure("passphrase", `${passphrase.source} is not the passphrase of ${stack}.`, {
      fix: `put the passphrase that ${stack} was created with there; without it the stack's secrets cannot be read`,
    });
  }
  const foreign = [...ciphertexts].filter(([, text]) => unseal(key, text) === undefined);
  if (foreign.length === 0) return;
  const paths = foreign.map(([path]) => path);
  throw new Failure("configuration", `Pulumi.${stack}.yaml holds what this stack cannot open:`, {
    problems: paths.map((path) => `${path}: encrypted for another stack, or damaged`),
    fix: `take it out (npx pulumi config rm --path '${paths[0]}' -s ${stack}) and set it anew: npx doom secrets set ${stack} NAME`,
  });
}

/** The key that encrypts a stack's secrets; undefined when `passphrase` is not the right one. */
export async function stackKey(passphrase: string, salt: string): Promise<Buffer | undefined> {
  const match = /^v1:([^:]+):(v1:[^:]+:[^:]+)$/.exec(salt);
  if (!match || sealedBytes(match[2] as string) !== PROOF.length) {
    throw new Failure("configuration", "The encryptionsalt of the stack file is damaged.", {
      fix: "restore the line from version control or from the stack's state",
    });
  }
  const key = await deriveKey(passphrase, Buffer.from(match[1] as string, "base64"));
  return unseal(key, match[2] as string) === PROOF ? key : undefined;
}

/** What Pulumi encrypts beside the salt, to know the right passphrase by. */
const PROOF = "pulumi";

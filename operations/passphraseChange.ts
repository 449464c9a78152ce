import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { remainingWork, type Side } from "../checks/passphraseChange";
import { syncFolder, writeDurably } from "./durableFile";
import { Failure } from "./failure";
import { withLock } from "./locks";
import { passphrasePath } from "./passphrase";
import {
  encryptCopies,
  type PassphraseChange,
  plainValues,
  readBytes,
  saltsOf,
} from "./passphraseTrial";
import { type Project, stackFilePath } from "./project";
import { statePath } from "./stateFiles";

/**
 * The change of a stack's passphrase.
 *
 * Pulumi's own command rewrites the stack file twice and then the state: cut off in between, neither
 * passphrase opens all of it. So it works on copies, which are proven value by value. A record makes them
 * final, and then they take the places of the originals. Cut off before the record, nothing happened; cut
 * off after it, the next run goes on from there.
 */

/** Written when what is to be put in place lies ready. */
interface ChangeRecord {
  readonly newSalt: string;
  /** SHA-256 of the originals. */
  readonly oldState: string;
  readonly oldFile: string;
}

const PRIVATE = 0o600;

/** What a change under way needs, all in one folder: the new passphrase, both files, the record. */
export function changeFiles(project: Project, stack: string) {
  const folder = `${passphrasePath(project, stack)}.change`;
  return {
    folder,
    passphrase: join(folder, "passphrase"),
    state: join(folder, basename(statePath(project, stack))),
    stackFile: join(folder, basename(stackFilePath(project, stack))),
    record: join(folder, "change.json"),
  };
}

function readRecord(project: Project, stack: string): ChangeRecord | undefined {
  const { record } = changeFiles(project, stack);
  return existsSync(record)
    ? (JSON.parse(readFileSync(record, "utf8")) as ChangeRecord)
    : undefined;
}

/** Throws a {@link Failure} while a change of the passphrase of `stack` waits to be finished. */
export function refuseInterruptedChange(project: Project, stack: string): void {
  if (!readRecord(project, stack)) return;
  throw new Failure("passphrase", `A change of the passphrase of ${stack} was interrupted.`, {
    fix: `finish it: npx doom secrets passphrase ${stack}`,
  });
}

/** Changes the passphrase of a stack, all of it or nothing. Throws an EngineError or a {@link Failure}. */
export function changePassphrase(
  change: PassphraseChange,
  oldPassphrase: string,
  newPassphrase: string,
): Promise<void> {
  const { project, stack } = change;
  return withLock(project, stack, async () => {
    await prepareChange(change, oldPassphrase, newPassphrase);
    if (remainingChange(project, stack) !== "switch") {
      throw new Failure("locked", `Pulumi.${stack}.yaml was edited during the change.`, {
        problems: ["the passphrase is the one of before"],
        fix: `run it again: npx doom secrets passphrase ${stack}`,
      });
    }
    switchOver(project, stack);
    await finish(change);
  });
}

/**
 * Finishes a change that was cut off, or throws away what was prepared and cannot be used.
 *
 * True when the stack has another passphrase now. Throws a {@link Failure} when somebody changed one of
 * the files in the middle of it.
 */
export async function finishInterruptedChange(change: PassphraseChange): Promise<boolean> {
  const { project, stack } = change;
  const { folder } = changeFiles(project, stack);
  if (!existsSync(folder)) return false;
  return withLock(project, stack, async () => {
    const work = remainingChange(project, stack);
    if (work === "conflict") throw conflictFailure(project, stack);
    if (work === "switch") switchOver(project, stack);
    if (work === "switch" || work === "finish") {
      await finish(change);
      return true;
    }
    rmSync(folder, { recursive: true });
    return false;
  });
}

/** Prepares the change and proves it; touches no original. Throws what {@link encryptCopies} throws. */
export async function prepareChange(
  change: PassphraseChange,
  oldPassphrase: string,
  newPassphrase: string,
): Promise<void> {
  const files = changeFiles(change.project, change.stack);
  rmSync(files.folder, { recursive: true, force: true });
  mkdirSync(files.folder, { recursive: true, mode: 0o700 });
  syncFolder(dirname(files.folder));
  // Before anything is encrypted with it.
  writeDurably(files.passphrase, `${newPassphrase}\n`, PRIVATE);
  const trial = join(files.folder, "trial");
  const { before, after, salt } = await encryptCopies(change, trial, oldPassphrase, newPassphrase);
  writeDurably(files.state, after.state, PRIVATE);
  writeDurably(files.stackFile, after.file, PRIVATE);
  const record: ChangeRecord = {
    newSalt: salt,
    oldState: hashOf(before.state),
    oldFile: hashOf(before.file),
  };
  writeDurably(files.record, JSON.stringify(record), PRIVATE);
}

function hashOf(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** What remains of a prepared change; undefined when none was prepared. */
function remainingChange(
  project: Project,
  stack: string,
): ReturnType<typeof remainingWork> | undefined {
  const record = readRecord(project, stack);
  if (!record) return undefined;
  const bytes = readBytes(project, stack);
  const salts = saltsOf(project, stack);
  const sideOf = (salt: string | undefined, now: Buffer, old: string): Side => {
    if (salt === record.newSalt) return "new";
    return hashOf(now) === old ? "old" : "other";
  };
  return remainingWork(
    sideOf(salts.state, bytes.state, record.oldState),
    sideOf(salts.file, bytes.file, record.oldFile),
  );
}

/**
 * Puts the prepared state and stack file in place. Doing it again does no harm.
 *
 * The engine's own copy of the last state is replaced, too: whoever restores it later has the new
 * passphrase.
 */
function switchOver(project: Project, stack: string): void {
  const files = changeFiles(project, stack);
  const state = statePath(project, stack);
  put(files.state, state);
  put(files.state, `${state}.bak`);
  put(files.stackFile, stackFilePath(project, stack));
}

function put(from: string, to: string): void {
  const mode = existsSync(to) ? statSync(to).mode & 0o777 : PRIVATE;
  writeDurably(to, readFileSync(from), mode);
  // The backend's checksum of what was there; it can do without, and writes one with the next state.
  rmSync(`${to}.attrs`, { force: true });
}

/**
 * Proves the new passphrase on the originals, makes it the stack's, and forgets the old one, which is
 * still there when this throws.
 */
async function finish(change: PassphraseChange): Promise<void> {
  const { project, stack } = change;
  const files = changeFiles(project, stack);
  const text = readFileSync(files.passphrase, "utf8");
  await plainValues(change, project, text.trim());
  writeDurably(passphrasePath(project, stack), text, PRIVATE);
  rmSync(files.folder, { recursive: true });
}

function conflictFailure(project: Project, stack: string): Failure {
  const file = stackFilePath(project, stack);
  const { stackFile } = changeFiles(project, stack);
  return new Failure("state", `${file} was edited in the middle of a change of the passphrase.`, {
    fix: `make the same edit in ${stackFile}, copy that to ${file}, and run npx doom secrets passphrase ${stack}`,
  });
}

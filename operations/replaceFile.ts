import {
  chmodSync,
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { errorCode, Failure } from "./failure";
import { isAlive } from "./locks";

/** What a file is to hold, and what it must hold for that to be right. */
export interface Replacement {
  readonly path: string;
  /** What was read before; undefined when there was no file. */
  readonly before: string | undefined;
  readonly after: string;
  /** Whether it holds secrets: then it and its backup are for their owner alone from now on. */
  readonly secret: boolean;
  /** Whether the file as it was stays beside it. */
  readonly backup: boolean;
}

const OWNER_ONLY = 0o600;

/**
 * Puts a new file in the place of another: at every moment, and after a failure or a crash at any step, its
 * path leads to the whole of the one or the whole of the other.
 *
 * Mode and owner stay; a file that was not there is for its owner alone. Gives the path of the backup, which
 * is the old file itself. Throws a {@link Failure} that says what could not be done; the old file is
 * in its place then, and nothing beside it.
 */
export function replaceFile(replacement: Replacement): string | undefined {
  try {
    if (replacement.before === undefined) {
      putNew(replacement);
      return undefined;
    }
    return putOver(replacement);
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    throw new Failure("configuration", `${replacement.path} cannot be replaced (${code}).`, {
      problems: [`${(error as NodeJS.ErrnoException).syscall ?? "a system call"} failed`],
      fix: "it is as it was; make room, or make it and its folder writable for you, and run the command again",
    });
  }
}

function putNew({ path, after }: Replacement): void {
  const temporary = temporaryFor(path);
  let isThere = false;
  try {
    writeWhole(temporary, after, OWNER_ONLY);
    // Unlike a rename, a link never takes the place of what appeared meanwhile.
    linkSync(temporary, path);
    isThere = true;
    syncFolder(path);
  } catch (error) {
    if (isThere) rmSync(path);
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

function putOver({ path: given, before, after, secret, backup }: Replacement): string | undefined {
  // A link stays a link: what it leads to is replaced.
  const path = realpathSync(given);
  const old = statSync(path);
  if (!old.isFile() || readFileSync(path, "utf8") !== before) throw changed(given);
  const temporary = temporaryFor(path);
  let kept: string | undefined;
  try {
    writeWhole(temporary, after, secret ? old.mode & OWNER_ONLY : old.mode & 0o777, old);
    kept = keep(path);
    renameSync(temporary, path);
    syncFolder(path);
    if (!backup) rmSync(kept);
    else if (secret) chmodSync(kept, old.mode & OWNER_ONLY);
    return backup ? kept : undefined;
  } catch (error) {
    if (kept !== undefined) putBack(kept, path);
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

function changed(path: string): Failure {
  return new Failure("configuration", `${path} was changed meanwhile; nothing was written.`, {
    fix: "run the command again",
  });
}

/** A name beside `path` for this process, after those are removed that killed ones left. */
function temporaryFor(path: string): string {
  const [folder, base] = [dirname(path), basename(path)];
  for (const name of readdirSync(folder)) {
    const pid = name.startsWith(`${base}.`) ? /^\.(\d+)\.new$/.exec(name.slice(base.length)) : null;
    if (pid && (pid[1] === String(process.pid) || !isAlive(Number(pid[1]))))
      rmSync(join(folder, name));
  }
  return `${path}.${process.pid}.new`;
}

function writeWhole(file: string, content: string, mode: number, owner?: Stats): void {
  const descriptor = openSync(file, "wx", OWNER_ONLY);
  try {
    writeFileSync(descriptor, content);
    if (owner) fchownSync(descriptor, owner.uid, owner.gid);
    // After the owner: the change of it takes rights away.
    fchmodSync(descriptor, mode);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Gives the file a second name, the first free one of `.bak`, `.2.bak` and so on. */
function keep(path: string): string {
  for (let number = 1; ; number++) {
    const name = `${path}.${number === 1 ? "" : `${number}.`}bak`;
    try {
      linkSync(path, name);
      return name;
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
    }
  }
}

function putBack(kept: string, path: string): void {
  renameSync(kept, path);
  // Two names of one file: such a rename does nothing and leaves both (rename(2)).
  rmSync(kept, { force: true });
}

/** Makes the names in the folder of `path` last over a crash. */
function syncFolder(path: string): void {
  const descriptor = openSync(dirname(path), "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

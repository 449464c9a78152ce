import {
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";

/** Every folder above the file, up to and with the one that only this project uses. */
const OWN_FOLDER = "doom-coding";

function ownFolders(file: string): string[] {
  const parts = path.dirname(file).split(path.sep);
  const start = parts.indexOf(OWN_FOLDER);
  // Only a normal form: with `..` in it, a path below the folder could lead out of it again.
  if (path.resolve(file) !== file || start < 0) {
    throw new Error(`${file} is not an absolute path below a folder named ${OWN_FOLDER}`);
  }
  return parts.slice(start).map((_, index) => parts.slice(0, start + index + 1).join(path.sep));
}

/** Another user could have made the folder first, to read or to swap what is put there. */
function requirePrivate(folder: string): void {
  const status = lstatSync(folder);
  const owner = process.getuid?.() ?? status.uid;
  if (!status.isDirectory() || status.uid !== owner || (status.mode & 0o077) !== 0) {
    throw new Error(
      `${folder} must be a folder of user ${owner} with mode 0700; remove it and try again`,
    );
  }
}

/** Writes `content` to `file` with mode 0400 in folders with mode 0700; the file appears whole or not at all. */
export function writeSecretFile(file: string, content: string): void {
  if (content === "")
    throw new Error("the secret is empty: refusing to write a file that opens the door");
  for (const folder of ownFolders(file)) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    requirePrivate(folder);
  }
  const temporary = `${file}.${process.pid}`;
  rmSync(temporary, { force: true });
  try {
    writeWhole(temporary, content);
    renameSync(temporary, file);
  } catch (error) {
    // Half a secret under a name that nobody would ever remove.
    rmSync(temporary, { force: true });
    throw error;
  }
}

function writeWhole(file: string, content: string): void {
  const descriptor = openSync(file, "wx", 0o400);
  try {
    writeFileSync(descriptor, content);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Removes `file` and those of its own folders that are empty then. A missing file is fine: a reboot empties memory. */
export function removeSecretFile(file: string): void {
  const folders = ownFolders(file);
  rmSync(file, { force: true });
  for (const folder of folders.reverse()) {
    try {
      rmdirSync(folder);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "ENOTEMPTY" || code === "EEXIST") return;
      if (code !== "ENOENT") throw error;
    }
  }
}

function main(action: string | undefined): void {
  const file = process.env.DOOM_SECRET_FILE;
  if (!file) throw new Error("DOOM_SECRET_FILE is not set");
  if (action === "write") writeSecretFile(file, process.env.DOOM_SECRET ?? "");
  else if (action === "remove") removeSecretFile(file);
  else throw new Error(`unknown action ${JSON.stringify(action)}; allowed: write, remove`);
}

if (require.main === module) {
  try {
    main(process.argv[2]);
  } catch (error) {
    process.stderr.write(`secret file: ${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}

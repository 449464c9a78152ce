import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { isAlive } from "./locks";

/**
 * Writes a file that is there as a whole or as it was, also after a crash or a loss of power.
 *
 * A link stays one: what it points to is replaced. Folders that are missing are made with mode 0700.
 */
export function writeDurably(file: string, content: string | Uint8Array, mode = 0o600): void {
  const target = existsSync(file) ? realpathSync(file) : file;
  mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
  const draft = `${target}.${process.pid}.tmp`;
  rmSync(draft, { force: true });
  try {
    const descriptor = openSync(draft, "wx", mode);
    try {
      writeFileSync(descriptor, content);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(draft, target);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
  syncFolder(dirname(target));
}

/** Removes what runs that were killed while they wrote have left in a folder; one that is not there has none. */
export function removeStaleDrafts(folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const writer = /\.(\d+)\.tmp$/.exec(name)?.[1];
    if (writer !== undefined && !isAlive(Number(writer)))
      rmSync(join(folder, name), { force: true });
  }
}

/** Makes the names in a folder durable: a loss of power undoes a rename or a new folder that is not. */
export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

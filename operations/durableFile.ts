import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";

/**
 * Writes a file that is there as a whole or as it was, also after a crash or a loss of power.
 *
 * A link stays one: what it points to is replaced.
 */
export function writeDurably(file: string, content: string | Uint8Array, mode: number): void {
  const target = existsSync(file) ? realpathSync(file) : file;
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

/** Makes the names in a folder durable: a loss of power undoes a rename or a new folder that is not. */
export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { unseal } from "./ciphertext";
import type { Project } from "./project";
import { bookkeeping, statePath } from "./stateFiles";

/** Files of one folder that the stack's present key does not open. */
export interface OldCiphertext {
  readonly folder: string;
  readonly files: number;
}

/** Pulumi's ciphertext, wherever it stands: the nonce of 12 bytes is always 16 characters. */
const CIPHERTEXT = /v1:[A-Za-z0-9+/]{16}:[A-Za-z0-9+/=]+/;

/**
 * Where the secrets of `stack` stand encrypted with keys of before: in the engine's backups and history of
 * the state, and in `logFolder`, since each of its logs has a key that is encrypted like a secret.
 */
export function oldCiphertexts(
  project: Project,
  stack: string,
  logFolder: string,
  key: Buffer,
): OldCiphertext[] {
  const isOld = (path: string) => {
    const ciphertext = CIPHERTEXT.exec(readFileSync(path, "latin1"))?.[0];
    return ciphertext !== undefined && unseal(key, ciphertext) === undefined;
  };
  const state = statePath(project, stack);
  // With the time behind it: `dev-` is also how the logs of `dev-2` begin.
  const log = new RegExp(`/organization\\+${project.name}\\+${stack}-\\d{8}T\\d{6}[^/]*$`);
  return [
    count(
      bookkeeping(project, "stacks", project.name),
      (path) => path.startsWith(`${state}.`) && isOld(path),
    ),
    count(bookkeeping(project, "backups", project.name, stack), isOld),
    count(bookkeeping(project, "history", project.name, stack), isOld),
    count(logFolder, (path) => log.test(path) && isOld(path)),
  ].filter(({ files }) => files > 0);
}

function count(folder: string, counts: (path: string) => boolean): OldCiphertext {
  const paths = existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  return { folder, files: paths.filter((path) => statSync(path).isFile() && counts(path)).length };
}

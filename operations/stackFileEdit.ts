import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseStackFile } from "../checks/stackFile";
import { writeDurably } from "./durableFile";
import { stackFilePath } from "./project";
import type { StackSession } from "./stackSession";

/** One `pulumi config …`; `input` goes to its standard input, never a secret into `args`. */
export interface ConfigurationEdit {
  readonly args: readonly string[];
  readonly input?: string;
}

/**
 * Changes a stack's file by Pulumi's own commands, which keep its comments, all at once: on a copy that
 * takes the file's place when every one has succeeded.
 *
 * Gives a function that takes it back. Throws an EngineError or a ConfigError, with the file unchanged.
 */
export async function editConfiguration(
  session: StackSession,
  edits: readonly ConfigurationEdit[],
): Promise<() => void> {
  const file = stackFilePath(session.project, session.stack);
  const before = readFileSync(file);
  const mode = statSync(file).mode & 0o777;
  const folder = mkdtempSync(join(tmpdir(), "doom-edit-"));
  try {
    const draft = join(folder, basename(file));
    writeFileSync(draft, before, { mode: 0o600 });
    for (const { args, input } of edits) {
      await session.run(["config", ...args, "--config-file", draft], input);
    }
    const after = readFileSync(draft);
    parseStackFile(after, basename(file));
    writeDurably(file, after, mode);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return () => writeDurably(file, before, mode);
}

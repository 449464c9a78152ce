import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseStackFile } from "../checks/stackFile";
import { writeDurably } from "./durableFile";
import { Failure } from "./failure";
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
 * Gives a function that takes it back. Throws an EngineError, a ConfigError or a {@link Failure}, with
 * the file unchanged.
 */
export async function editConfiguration(
  session: StackSession,
  edits: readonly ConfigurationEdit[],
): Promise<() => void> {
  const file = stackFilePath(session.project, session.stack);
  const before = readFileSync(file);
  const folder = mkdtempSync(join(tmpdir(), "doom-edit-"));
  try {
    const draft = join(folder, basename(file));
    writeFileSync(draft, before, { mode: 0o600 });
    for (const { args, input } of edits) {
      await session.run(["config", ...args, "--config-file", draft], input);
    }
    const after = readFileSync(draft);
    parseStackFile(after, basename(file));
    replace(file, before, after);
    return () => replace(file, after, before);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Somebody may have it open in an editor: nothing but what was read is replaced. */
function replace(file: string, expected: Buffer, content: Buffer): void {
  if (!readFileSync(file).equals(expected)) {
    throw new Failure("configuration", `${file} was edited at the same moment; your edit stays.`, {
      fix: "look at it and run the command again",
    });
  }
  writeDurably(file, content, statSync(file).mode & 0o777);
}

import { createReadStream, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join, relative, resolve } from "node:path";
import { PASSPHRASE } from "../../checks/stackSecrets";
import { errorCode } from "../failure";
import { passphrasePath } from "../passphrase";
import type { Place, SearchedObject } from "../placeSearch";
import { stackFilePath } from "../project";
import type { StackSession } from "../stackSession";
import { statePath } from "../stateFiles";

/** Files of the project and of Pulumi on this machine. */

/** What is searched as a place of its own, or is not made here: packages, and what git has packed. */
const ELSEWHERE = ["node_modules", ".git", ".passphrases", "reports"];

/** The state with its history, its backups and what was copied beside it; of all the stacks. */
export function stateFiles({ project, stack }: StackSession): Place {
  const own = statePath(project, stack);
  return {
    name: "state folder",
    objects: () =>
      filesIn(project.stateFolder, {
        markers: (file) => (file === own ? [`organization/${project.name}/${stack}`] : undefined),
      }),
  };
}

export function stackFile({ project, stack }: StackSession): Place {
  const file = stackFilePath(project, stack);
  return {
    name: "stack file",
    async *objects() {
      yield {
        name: basename(file),
        content: createReadStream(file),
        markers: ["doom-coding:environment"],
      };
    },
  };
}

/** The program in source and compiled, the policy pack, the images' contexts, other stacks' files. */
export function projectFiles(session: StackSession): Place {
  const { project, stack } = session;
  const skip = [
    ...ELSEWHERE.map((name) => join(project.root, name)),
    project.stateFolder,
    stackFilePath(project, stack),
  ];
  return {
    name: "project folder",
    objects: () =>
      filesIn(project.root, {
        skip,
        markers: (file) => (basename(file) === "Pulumi.yaml" ? [project.name] : undefined),
        mayHold: passphraseOf(session),
      }),
  };
}

/** Logs of the set-up, measurements, whatever was written down about a run. */
export function reports({ project }: StackSession): Place {
  return {
    name: "reports",
    mayBeEmpty: true,
    objects: () => filesIn(join(project.root, "reports")),
  };
}

/** Each file holds the passphrase of its own stack and nothing else. */
export function passphraseFiles(session: StackSession): Place {
  return {
    name: "passphrase files",
    mayBeEmpty: true,
    objects: () =>
      filesIn(join(session.project.root, ".passphrases"), { mayHold: passphraseOf(session) }),
  };
}

/** The files that are there to hold the passphrase: the stack's own, or the one that the user names. */
function passphraseOf({ project, stack }: StackSession): (file: string) => string | undefined {
  const named = process.env.PULUMI_CONFIG_PASSPHRASE_FILE;
  const files = [passphrasePath(project, stack), ...(named ? [resolve(named)] : [])];
  return (file) => (files.includes(file) ? PASSPHRASE : undefined);
}

/** What Pulumi writes by itself about each run: packed, and encrypted once it knows the stack. */
export function pulumiLogs(environment: NodeJS.ProcessEnv = process.env): Place {
  const home = environment.PULUMI_HOME || join(homedir(), ".pulumi");
  return {
    name: "Pulumi's own logs",
    mayBeEmpty: true,
    objects: () => filesIn(join(home, "logs")),
  };
}

interface FileOptions {
  readonly skip?: readonly string[];
  readonly markers?: (file: string) => readonly string[] | undefined;
  readonly mayHold?: (file: string) => string | undefined;
}

/**
 * All regular files below a folder, named by their path in it; links are not followed.
 *
 * A missing folder is an empty one. Throws at the end when some could not be read.
 */
export async function* filesIn(
  folder: string,
  { skip = [], markers = () => undefined, mayHold = () => undefined }: FileOptions = {},
): AsyncIterable<SearchedObject> {
  const unreadable: string[] = [];
  for (const file of listFiles(folder, skip)) {
    const marked = markers(file);
    const held = mayHold(file);
    yield {
      name: relative(folder, file),
      content: contentOf(file, unreadable),
      ...(marked ? { markers: marked } : {}),
      ...(held ? { mayHold: held } : {}),
    };
  }
  if (unreadable.length > 0) throw new Error(`cannot be read: ${unreadable.join(", ")}`);
}

function listFiles(folder: string, skip: readonly string[]): string[] {
  return entriesOf(folder).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (skip.includes(path)) return [];
    if (entry.isDirectory()) return listFiles(path, skip);
    return entry.isFile() ? [path] : [];
  });
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}

/** A file that is gone since it was listed has nothing to search. */
async function* contentOf(file: string, unreadable: string[]): AsyncIterable<Buffer> {
  try {
    yield* createReadStream(file);
  } catch (error) {
    const code = errorCode(error);
    if (code !== "ENOENT") unreadable.push(`${file} (${code})`);
  }
}

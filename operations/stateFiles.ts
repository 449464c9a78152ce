import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Checkpoint, DamagedCheckpoint, parseCheckpoint } from "../checks/checkpoint";
import type { RunWindow } from "../checks/leftovers";
import { errorCode, Failure } from "./failure";
import type { Project } from "./project";

/** The files of Pulumi's file backend, read only: stacks, their history and their backups. */

/** Pulumi's file backend puts everything of a project below its name. */
export function bookkeeping(project: Project, ...parts: string[]): string {
  return join(project.stateFolder, ".pulumi", ...parts);
}

/** The file with the state of `stack`. */
export function statePath(project: Project, stack: string): string {
  return bookkeeping(project, "stacks", project.name, `${stack}.json`);
}

/** The folder with the locks of `stack`. */
export function lockFolder(project: Project, stack: string): string {
  return bookkeeping(project, "locks", "organization", project.name, stack);
}

/** What is wrong with the state folder, with the fix; undefined when an update can write there. */
export function stateFolderProblem(project: Project): string | undefined {
  const folder = project.stateFolder;
  const status = statSync(folder, { throwIfNoEntry: false });
  if (!status) return `the state folder ${folder} does not exist; create it: mkdir ${folder}`;
  if (!status.isDirectory()) return `${folder}, the state folder, is not a folder; move it away`;
  const used = [
    folder,
    bookkeeping(project),
    ...["stacks", "history", "backups"].map((name) => bookkeeping(project, name, project.name)),
    bookkeeping(project, "locks", "organization", project.name),
  ];
  for (const path of used.filter((candidate) => existsSync(candidate))) {
    try {
      accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    } catch (error) {
      const code = errorCode(error);
      return code === "EROFS"
        ? `the state folder ${path} lies on a read-only file system; mount it writable`
        : `the state folder ${path} cannot be written by you (${code}); chown it: sudo chown -R "$(id -u):$(id -g)" ${folder}`;
    }
  }
  return undefined;
}

/** A stack's state and when it was last written (milliseconds since 1970). */
export interface StoredState {
  readonly checkpoint: Checkpoint;
  readonly writtenAt: number;
}

/**
 * Reads the state of `stack`; undefined when the stack was never created.
 *
 * Throws a {@link Failure} that names the backups when the state is damaged.
 */
export function readState(project: Project, stack: string): StoredState | undefined {
  const path = statePath(project, stack);
  refuseCompressed(path);
  try {
    const text = readFileSync(path, "utf8");
    const checkpoint = parseCheckpoint(text, `organization/${project.name}/${stack}`);
    return { checkpoint, writtenAt: statSync(path).mtimeMs };
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT") return undefined;
    if (code !== undefined) {
      throw new Failure("state", `The state of ${stack}, ${path}, cannot be read (${code}).`, {
        fix: "make it readable for you",
      });
    }
    if (!(error instanceof DamagedCheckpoint)) throw error;
    throw new Failure("state", `The state of ${stack}, ${path}, is damaged: ${error.message}.`, {
      problems: ["nothing was changed; the containers and volumes go on as they are"],
      fix: restoreFix(project, stack, path),
    });
  }
}

function refuseCompressed(path: string): void {
  const compressed = [".gz", ".zst"].map((extension) => path + extension).find(existsSync);
  if (compressed === undefined) return;
  throw new Failure("state", `doom does not read compressed state: ${compressed}.`, {
    fix: "unset PULUMI_DIY_BACKEND_GZIP and run `pulumi stack export` and `import` once",
  });
}

/** Only a copy that can be used itself is worth naming. */
function restoreFix(project: Project, stack: string, path: string): string {
  const folder = bookkeeping(project, "backups", project.name, stack);
  const older = existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith(".json"))
        .sort()
        .reverse()
        .map((name) => join(folder, name))
    : [];
  const usable = [`${path}.bak`, ...older].filter((file) => isUsable(file, project, stack));
  return usable[0] === undefined
    ? `no usable copy of it is left beside it (${path}.bak) or in ${folder}; restore the folder from your own backup`
    : `restore the last good copy: cp ${usable[0]} ${path}`;
}

function isUsable(file: string, project: Project, stack: string): boolean {
  if (!existsSync(file)) return false;
  try {
    parseCheckpoint(readFileSync(file, "utf8"), `organization/${project.name}/${stack}`);
    return true;
  } catch (error) {
    if (error instanceof DamagedCheckpoint) return false;
    throw error;
  }
}

/** When the recorded runs of `stack` took place; previews are not recorded. */
export function recordedRuns(project: Project, stack: string): RunWindow[] {
  const folder = bookkeeping(project, "history", project.name, stack);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(".history.json"))
    .flatMap((name) => {
      const { startTime, endTime } = readRun(join(folder, name));
      return typeof startTime === "number" && typeof endTime === "number"
        ? [{ start: startTime * 1000, end: endTime * 1000 }]
        : [];
    });
}

/** A record that was cut off proves nothing, and nothing may be removed on its account. */
function readRun(path: string): { startTime?: unknown; endTime?: unknown } {
  try {
    return (JSON.parse(readFileSync(path, "utf8")) ?? {}) as { startTime?: unknown };
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

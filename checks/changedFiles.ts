/** Which of the files that a container has changed are to be read, and how. */

/** A line of `docker diff`, as the engine gives it. It lists the folders above each change, too. */
export interface FileChange {
  readonly Path: string;
  /** 0: changed, 1: added, 2: deleted. */
  readonly Kind: number;
}

export interface PathToRead {
  readonly path: string;
  /** Whether all below it is new, if it is a folder. */
  readonly whole: boolean;
}

const ADDED = 1;
const DELETED = 2;

/**
 * The paths whose content is not the image's, as few as they can be.
 *
 * Nothing at or below a mount, and nothing as a whole that a mount lies in: the engine would read
 * through it, into a volume or into the secret files themselves.
 */
export function pathsToRead(
  changes: readonly FileChange[],
  mounts: readonly string[],
): PathToRead[] {
  const aboveMounts = new Set(mounts.flatMap(foldersAbove));
  const present = changes.filter(
    ({ Path, Kind }) => Kind !== DELETED && ![Path, ...foldersAbove(Path)].some(isIn(mounts)),
  );
  const whole = new Set(
    present.filter(({ Path, Kind }) => Kind === ADDED && !aboveMounts.has(Path)).map(pathOf),
  );
  const folders = new Set(present.map(pathOf).flatMap(foldersAbove));
  return present
    .map(pathOf)
    .filter((path) => !foldersAbove(path).some((folder) => whole.has(folder)))
    .filter((path) => whole.has(path) || (!folders.has(path) && !aboveMounts.has(path)))
    .map((path) => ({ path, whole: whole.has(path) }));
}

function pathOf({ Path }: FileChange): string {
  return Path;
}

function isIn(list: readonly string[]): (path: string) => boolean {
  return (path) => list.includes(path);
}

/** `/a` and `/a/b` for `/a/b/c`. */
function foldersAbove(path: string): string[] {
  const parts = path.split("/").slice(1, -1);
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join("/")}`);
}

import { z } from "zod";
import { type ManifestEntry, pathBytes, targetBytes } from "./manifest";

/**
 * An archive of a volume: a folder with `archive.json`, which vouches for the other two by their hashes,
 * `manifest.jsonl` and `data.tar`.
 */
export const ARCHIVE_VERSION = 1;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits");
const file = z.strictObject({ bytes: z.number().int().nonnegative(), sha256 });

const schema = z.strictObject({
  archive: z.literal(ARCHIVE_VERSION),
  /** ISO 8601. */
  createdAt: z.string(),
  /** The environment that the data belongs to; absent for data of none. */
  environment: z.string().optional(),
  /** What it was made of, for people, and so that it can be told from another one. */
  source: z.strictObject({ title: z.string(), key: z.string() }),
  manifest: file,
  data: file,
});

export type Archive = z.output<typeof schema>;

/** Reads `archive.json`; a text says why it cannot be used. */
export function parseArchive(text: string): Archive | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Not JSON is one of the answers.
    return "archive.json is cut off or no JSON";
  }
  const version = (value as { archive?: unknown } | null)?.archive;
  if (version !== ARCHIVE_VERSION) {
    return `archive.json: archive is ${JSON.stringify(version)}; this doom reads ${ARCHIVE_VERSION}`;
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  return `archive.json: ${issue?.path.join(".") || "it"}: ${issue?.message}`;
}

/** Sockets live with the program that listens; tar leaves them out. */
export function isArchived({ type }: ManifestEntry): boolean {
  return type !== "socket";
}

/** tar writes a pipe or a device anew for each of its names: whether an entry is such another name. */
export function isLinkedLater({ type, hardLink }: ManifestEntry): boolean {
  return hardLink !== undefined && type !== "file" && type !== "link";
}

/** Finds what must not be extracted from the entries of a manifest, given one after the other. */
export class TreeCheck {
  private readonly folders = new Set<string>();
  private last: string | undefined;

  /** What is wrong with the next entry; undefined when nothing is. */
  problem({ path, type, hardLink }: ManifestEntry): string | undefined {
    const bytes = pathBytes(path);
    const before = this.last;
    this.last = bytes;
    if (before === undefined && path !== ".") return `${path}: stands before the root`;
    const shape = path === "." ? undefined : nameProblem(bytes);
    if (shape !== undefined) return `${path}: ${shape}`;
    if (before !== undefined && bytes === before) return `${path}: is there twice`;
    if (before !== undefined && bytes < before) return `${path}: is out of order`;
    const parent = bytes.slice(0, Math.max(0, bytes.lastIndexOf("/")));
    if (path !== "." && !this.folders.has(parent)) {
      return `${path}: would be written through ${JSON.stringify(parent)}, which is no folder`;
    }
    if (type === "directory") this.folders.add(bytes);
    if (hardLink !== undefined && !(pathBytes(hardLink) < bytes)) {
      return `${path}: is another name of ${hardLink}, which does not come before it`;
    }
    return undefined;
  }
}

/** What is wrong with a path's bytes. */
function nameProblem(bytes: string): string | undefined {
  if (bytes.startsWith("/")) return "is an absolute path";
  const parts = bytes.split("/");
  if (parts.includes("..")) return "leads out of the archive";
  return parts.some((part) => part === "" || part === ".") ? "is no plain path" : undefined;
}

/** A member of a tar file, as `tar --list --verbose --quoting-style=c` shows it. */
export interface Member {
  /** Bytes as latin1, without `./` before and `/` after it; empty for the root. */
  readonly name: string;
  readonly type: string;
  readonly size: number;
  /** Of a symbolic or hard link: what it points to; bytes as latin1. */
  readonly target: string | undefined;
}

const MEMBER =
  /^([-dlhpcb])\S{9}[.+]? \S+ +(?:(\d+)|\d+,\d+) \S+ \S+ +"((?:[^"\\]|\\.)*)"(?: (?:->|link to) "((?:[^"\\]|\\.)*)")?$/;

/** Parses a line of the list. Throws for anything else. */
export function parseMember(line: string): Member {
  const match = MEMBER.exec(line);
  if (match === null) throw new Error(`tar printed ${JSON.stringify(line)}`);
  const [, type = "", size = "0", name = "", target] = match;
  return {
    name: plainName(unquote(name)),
    type,
    size: Number(size),
    target: target === undefined ? undefined : unquote(target),
  };
}

function plainName(name: string): string {
  const below = name.startsWith("./") ? name.slice(2) : name;
  return below.endsWith("/") && below !== "/" ? below.slice(0, -1) : below;
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/** C's way to write bytes. */
function unquote(text: string): string {
  return text.replace(/\\([0-7]{3}|.)/g, (_, code: string) =>
    /^\d/.test(code) ? String.fromCharCode(Number.parseInt(code, 8)) : (ESCAPES[code] ?? code),
  );
}

const LETTERS: Readonly<Record<string, ManifestEntry["type"]>> = {
  "-": "file",
  d: "directory",
  l: "link",
  p: "fifo",
  c: "character",
  b: "block",
};

/**
 * Why a member may not be extracted in the place of the manifest's next entry; undefined when it may.
 *
 * What comes in another order, or twice, or is not in the manifest, is never the next entry.
 */
export function memberProblem(
  member: Member | undefined,
  entry: ManifestEntry | undefined,
): string | undefined {
  if (member === undefined) {
    return entry && `${entry.path}: is in the manifest, but not in data.tar`;
  }
  const shown = JSON.stringify(member.name || ".");
  const shape = member.name === "" ? undefined : nameProblem(member.name);
  if (shape !== undefined) return `${shown}: ${shape}`;
  if (entry === undefined || pathBytes(entry.path) !== member.name) {
    return `${shown}: is there twice, out of order or not in the manifest`;
  }
  if (entry.hardLink !== undefined && !isLinkedLater(entry)) {
    const isSame =
      member.type === "h" && plainName(member.target ?? "") === pathBytes(entry.hardLink);
    return isSame ? undefined : `${shown}: is not the link to ${entry.hardLink} of the manifest`;
  }
  if (LETTERS[member.type] !== entry.type) return `${shown}: is not the manifest's ${entry.type}`;
  if (entry.type === "file" && member.size !== entry.size) {
    return `${shown}: has ${member.size} bytes, and ${entry.size} in the manifest`;
  }
  if (entry.type === "link" && member.target !== targetBytes(entry.target ?? "")) {
    return `${shown}: does not point to ${entry.target}`;
  }
  return undefined;
}

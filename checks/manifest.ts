import { createHash } from "node:crypto";
import { isVolatile } from "./volatilePaths";

/**
 * The manifest of a tree: what every path in it is, so that a copy can be proven, on any host and later.
 *
 * A text of JSON lines: one {@link ManifestHeader}, one {@link ManifestEntry} per path in the order of
 * the paths' bytes, one {@link ManifestEnd}. The entries are made by images/tools/lib/manifest.mjs, with
 * fixed keys in a fixed order, so that equal entries are equal lines.
 *
 * Names are bytes. Printable UTF-8 stands for itself, all else and `%` as `%XX` for each byte.
 */
export const MANIFEST_VERSION = 1;

export interface ManifestHeader {
  /** {@link MANIFEST_VERSION} of its maker. */
  readonly manifest: number;
  /** ISO 8601: when reading began. */
  readonly createdAt: string;
  readonly hash: "BLAKE3";
  /** Versions of the programs that made it, by name. */
  readonly tools: Readonly<Record<string, string>>;
  /** Paths that its digest leaves out. */
  readonly volatile: readonly string[];
}

export type EntryType = "file" | "directory" | "link" | "fifo" | "socket" | "character" | "block";

export interface ManifestEntry {
  /** Relative to the root, which is `.`. */
  readonly path: string;
  readonly type: EntryType;
  /** Four octal digits. */
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  /** Nanoseconds since 1970; a text, because a number would lose digits. */
  readonly mtime: string;
  /** The path of which this one is another name; then the content stands there, and not here. */
  readonly hardLink?: string;
  /** Of a file: bytes, and the BLAKE3 hash of its content in hexadecimal digits. */
  readonly size?: number;
  readonly hash?: string;
  /** What a symbolic link points to. */
  readonly target?: string;
  /** Major and minor number of a device. */
  readonly device?: readonly [number, number];
  /** Extended attributes, ACLs among them: base64 by name. */
  readonly xattrs?: Readonly<Record<string, string>>;
  /**
   * Inode and time of change on the host where it was made, for a later look at the same tree: while
   * they are the same, nothing was written. Absent where that would prove nothing. No part of the digest.
   */
  readonly stamp?: string;
}

export interface ManifestEnd {
  readonly entries: number;
  /** The sum of the files' sizes, each file once. */
  readonly bytes: number;
  /** SHA-256 over all entries that are not volatile, without their stamps: equal trees have equal ones. */
  readonly digest: string;
}

/** A text is not a whole manifest of a known version. */
export class ManifestError extends Error {}

/** An entry's line without what only holds on the host where it was made. */
export function portableLine(line: string): string {
  // Within a JSON string the quotes would be escaped: nothing else can look like it.
  const stamp = line.lastIndexOf(',"stamp":"');
  return stamp < 0 ? line : `${line.slice(0, stamp)}}`;
}

/** Adds up the lines of entries, in their order. */
export class ManifestSum {
  private entries = 0;
  private bytes = 0;
  private readonly digest = createHash("sha256");
  private readonly leftOut = createHash("sha256");

  constructor(private readonly volatile: readonly string[]) {}

  add(line: string): void {
    const { path, size } = JSON.parse(line) as ManifestEntry;
    this.entries += 1;
    this.bytes += size ?? 0;
    const sum = isVolatile(path, this.volatile) ? this.leftOut : this.digest;
    sum.update(`${portableLine(line)}\n`);
  }

  /** How far it is. */
  get soFar(): Pick<ManifestEnd, "entries" | "bytes"> {
    return { entries: this.entries, bytes: this.bytes };
  }

  /** To be called once, after the last line. */
  end(): ManifestEnd {
    return { ...this.soFar, digest: this.digest.digest("hex") };
  }

  /** SHA-256 over what the end's digest leaves out; to be called once, after the last line. */
  endOfVolatile(): string {
    return this.leftOut.digest("hex");
  }
}

/** Parses the first line of a manifest. Throws {@link ManifestError} for anything else. */
export function parseHeader(line: string | undefined): ManifestHeader {
  const header = parseObject(line) as Partial<ManifestHeader> | undefined;
  if (header?.manifest === undefined) throw new ManifestError("does not begin like a manifest");
  if (header.manifest !== MANIFEST_VERSION) {
    throw new ManifestError(
      `is of version ${JSON.stringify(header.manifest)}; this doom reads version ${MANIFEST_VERSION}`,
    );
  }
  return header as ManifestHeader;
}

/** Parses a line after the first; undefined for neither an entry nor the end. */
export function parseLine(line: string): ManifestEntry | ManifestEnd | undefined {
  const value = parseObject(line);
  if (value === undefined) return undefined;
  return "path" in value || "digest" in value ? (value as never) : undefined;
}

function parseObject(line: string | undefined): object | undefined {
  try {
    const value: unknown = JSON.parse(line ?? "");
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    // Not JSON is one of the answers.
    return undefined;
  }
}

/** The bytes of a path, as one character a byte (latin1): what manifests are sorted by. */
export function pathBytes(path: string): string {
  return path === "." ? "" : targetBytes(path);
}

/** The bytes of what a symbolic link points to, for which `.` is a place like any. */
export function targetBytes(target: string): string {
  if (/^[^%\x80-\uffff]*$/.test(target)) return target;
  return Buffer.from(target)
    .toString("latin1")
    .replace(/%([0-9A-F]{2})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 16)));
}

import { createReadStream, createWriteStream } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import {
  MANIFEST_VERSION,
  type ManifestEnd,
  ManifestError,
  type ManifestHeader,
  ManifestSum,
  parseHeader,
  parseLine,
} from "../checks/manifest";
import { VOLATILE_PATHS } from "../checks/volatilePaths";
import type { ToolsContainer } from "./toolsContainer";

/** Manifests as files: making one of a tree in a tools container, and reading one. */

export interface CreateOptions {
  /** The tree, as the container sees it: `/source`. */
  readonly root: string;
  /** Where the manifest is written; it appears there whole or not at all. */
  readonly file: string;
  /** An earlier manifest of the same tree on the same host: what its stamps vouch for is not read again. */
  readonly earlier?: string;
  /** Others write while it is made: what vanishes is left out. Else that is a failure. */
  readonly live?: boolean;
  /** Told how far it is. */
  readonly onProgress?: (soFar: Pick<ManifestEnd, "entries" | "bytes">) => void;
}

/** More than the last line of a manifest takes. */
const END_BYTES = 512;
const PROGRAM = "/usr/local/lib/tools/manifest.mjs";
/** MiB for what is short-lived, as all entries are: a quarter of the default takes 15 MiB less and no more time. */
const YOUNG = "--max-semi-space-size=4";

/** A manifest that was just made. */
export interface MadeManifest {
  readonly end: ManifestEnd;
  /** SHA-256 over the entries that the end's digest leaves out. */
  readonly volatileDigest: string;
}

/** {@link makeManifest}, for those who need its end alone. */
export async function createManifest(
  tools: ToolsContainer,
  options: CreateOptions,
): Promise<ManifestEnd> {
  return (await makeManifest(tools, options)).end;
}

/**
 * Makes the manifest of a tree, reading on all cores, and writes it to a file with mode 0600.
 *
 * Memory does not grow with the tree. Throws ToolFailed with the path when something cannot be read.
 */
export async function makeManifest(
  tools: ToolsContainer,
  { root, file, earlier, live = false, onProgress = () => {} }: CreateOptions,
): Promise<MadeManifest> {
  const flags = [...(live ? ["--live"] : []), ...(earlier === undefined ? [] : ["--earlier"])];
  const output = tools.stream(["node", YOUNG, PROGRAM, ...flags, root], {
    ...(earlier === undefined ? {} : { input: createReadStream(earlier) }),
  });
  const sum = new ManifestSum(VOLATILE_PATHS);
  const temporary = `${file}.${process.pid}`;
  let end: ManifestEnd | undefined;
  async function* text() {
    let begun = false;
    for await (const lines of linesOf(output)) {
      const entries = begun ? lines : lines.slice(1);
      const [first] = lines;
      if (!begun && first !== undefined) yield headerLine(first);
      begun = true;
      for (const line of entries) sum.add(line);
      onProgress(sum.soFar);
      yield entries.map((line) => `${line}\n`).join("");
    }
    end = sum.end();
    yield `${JSON.stringify(end)}\n`;
  }
  try {
    await pipeline(text(), createWriteStream(temporary, { mode: 0o600, flush: true }));
    await rename(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
  return { end: end as unknown as ManifestEnd, volatileDigest: sum.endOfVolatile() };
}

function headerLine(versions: string): string {
  const header: ManifestHeader = {
    manifest: MANIFEST_VERSION,
    createdAt: new Date().toISOString(),
    hash: "BLAKE3",
    ...(JSON.parse(versions) as Pick<ManifestHeader, "tools">),
    volatile: VOLATILE_PATHS,
  };
  return `${JSON.stringify(header)}\n`;
}

/** Whole lines, as many at a time as there are. */
async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<string[]> {
  const NEWLINE = 0x0a;
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(NEWLINE);
    if (end < 0) {
      rest = Buffer.concat([rest, chunk]);
      continue;
    }
    yield Buffer.concat([rest, chunk.subarray(0, end)])
      .toString("utf8")
      .split("\n");
    rest = chunk.subarray(end + 1);
  }
  if (rest.length > 0) yield [rest.toString("utf8")];
}

/**
 * The lines of a manifest's entries, as checks/manifestCompare takes them.
 *
 * Throws {@link ManifestError} for what is not a whole manifest of this version: at its beginning, or
 * after its last entry when it was cut off or changed. What was made of it until then does not count.
 */
export async function* manifestEntries(file: string): AsyncGenerator<string> {
  for await (const lines of manifestBatches(file)) yield* lines;
}

/** The same, as many at a time as were read: to wait for each line takes longer than to look at it. */
export async function* manifestBatches(file: string): AsyncGenerator<string[]> {
  let sum: ManifestSum | undefined;
  let end: ManifestEnd | undefined;
  for await (const lines of linesOf(createReadStream(file))) {
    const entries: string[] = [];
    for (const line of lines) {
      if (sum === undefined) sum = new ManifestSum(parseHeader(line).volatile);
      else if (end !== undefined) throw new ManifestError("goes on after its end");
      else if (line.startsWith('{"path":')) {
        sum.add(line);
        entries.push(line);
      } else end = parseEnd(line);
    }
    if (entries.length > 0) yield entries;
  }
  const found = sum?.end();
  if (end === undefined) throw new ManifestError("is cut off");
  if (found?.digest !== end.digest || found.entries !== end.entries) {
    throw new ManifestError("was changed after it was made: its digest does not fit its entries");
  }
}

/** The last line of a manifest that this program made, without reading the rest. */
export async function manifestEnd(file: string): Promise<ManifestEnd> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const { buffer, bytesRead } = await handle.read({
      buffer: Buffer.alloc(Math.min(size, END_BYTES)),
      position: Math.max(0, size - END_BYTES),
    });
    return parseEnd(buffer.toString("utf8", 0, bytesRead).trimEnd().split("\n").at(-1) ?? "");
  } finally {
    await handle.close();
  }
}

function parseEnd(line: string): ManifestEnd {
  const end = parseLine(line);
  if (end === undefined || !("digest" in end)) {
    throw new ManifestError(`holds a line that is neither an entry nor its end`);
  }
  return end;
}

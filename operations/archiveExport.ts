import { createHash } from "node:crypto";
import { createWriteStream, existsSync, mkdirSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { ARCHIVE_VERSION, type Archive } from "../checks/archive";
import { activeWriters } from "../checks/migrationRules";
import { workText } from "../checks/transferText";
import { archiveFiles, fingerprint, readDescription } from "./archiveFiles";
import { packTree, requireEqualData } from "./archiveTar";
import { syncFolder, writeDurably } from "./durableFile";
import { Failure } from "./failure";
import { createManifest } from "./manifest";
import { inContainerOf, type MigrationContext, SOURCE, sourceMount } from "./migrationContainer";
import type { Place } from "./migrationPlaces";
import { type CopyResult, NOTHING } from "./placeCopy";
import { READING, type ToolsContainer } from "./toolsContainer";
import { whileStopped } from "./writers";

export interface ExportRequest extends MigrationContext {
  readonly source: Place;
  /** The folder of the archive on this machine. */
  readonly folder: string;
}

/**
 * Makes an archive of a volume or folder, in place of an earlier one of the same source.
 *
 * Writers are stopped while it is made, and compared with their data. The archive appears whole or not
 * at all. Throws a {@link Failure}.
 */
export async function exportArchive(request: ExportRequest): Promise<CopyResult> {
  const { project, docker, source } = request;
  const folder = resolve(request.folder);
  refuseOther(folder, source);
  const work = `${folder}.partial`;
  removeArchive(work);
  makeFolder(work);
  const writers = activeWriters(source);
  const container = { mounts: [sourceMount(source)], capabilities: READING };
  try {
    return await inContainerOf(request, source, container, (tools) =>
      whileStopped(project, docker, writers, async () => {
        const stoppedAt = Date.now();
        const made = await makeArchive(tools, request, work);
        publish(work, folder);
        return {
          ...made,
          changed: true,
          manifestFile: archiveFiles(folder).manifest,
          stopped: writers.map(({ name }) => name),
          downtime: (Date.now() - stoppedAt) / 1000,
        };
      }),
    );
  } finally {
    removeArchive(work);
  }
}

async function makeArchive(
  tools: ToolsContainer,
  { source, observer }: ExportRequest,
  folder: string,
): Promise<Pick<CopyResult, "copied" | "manifest">> {
  const files = archiveFiles(folder);
  observer.enter("reading every file of the source");
  const manifest = await createManifest(tools, { root: SOURCE, file: files.manifest });
  const began = Date.now();
  let bytes = 0;
  observer.enter("writing the archive", () =>
    workText({ bytes, files: manifest.entries, elapsed: Date.now() - began }),
  );
  const packed = packTree(tools, SOURCE, files.manifest);
  const data = await writeHashed(packed, files.data, (sum) => {
    bytes = sum;
  });
  observer.enter("comparing the archive with the source");
  await requireEqualData(tools, SOURCE, files.data);
  const description: Archive = {
    archive: ARCHIVE_VERSION,
    createdAt: new Date().toISOString(),
    ...(source.stack === undefined ? {} : { environment: source.stack }),
    source: { title: source.title, key: source.key },
    manifest: await fingerprint(files.manifest),
    data,
  };
  writeDurably(files.description, `${JSON.stringify(description, null, 2)}\n`);
  return { copied: { ...NOTHING, bytes: data.bytes, transferred: manifest.entries }, manifest };
}

/** Only an archive of the same source may be replaced. */
function refuseOther(folder: string, source: Place): void {
  const earlier = readDescription(folder);
  if (earlier === undefined || earlier.source.key === source.key) return;
  throw new Failure("data", `${folder} holds an archive of ${earlier.source.title}.`, {
    fix: "choose another folder",
  });
}

function makeFolder(folder: string): void {
  const parent = dirname(folder);
  if (!existsSync(parent)) {
    throw new Failure("usage", `The folder ${parent} does not exist.`, { fix: `mkdir ${parent}` });
  }
  mkdirSync(folder, { mode: 0o700 });
}

/** Removes an archive's files and its folder; what else lies in there stays, and is an error. */
function removeArchive(folder: string): void {
  for (const file of Object.values(archiveFiles(folder))) rmSync(file, { force: true });
  if (existsSync(folder)) rmdirSync(folder);
}

function publish(work: string, folder: string): void {
  removeArchive(folder);
  renameSync(work, folder);
  syncFolder(dirname(folder));
}

/** Writes what comes, flushes it to the disk, and gives size and hash. */
async function writeHashed(
  chunks: AsyncIterable<Buffer>,
  path: string,
  onProgress: (bytes: number) => void,
): Promise<Archive["data"]> {
  const hash = createHash("sha256");
  let bytes = 0;
  async function* hashed() {
    for await (const chunk of chunks) {
      hash.update(chunk);
      bytes += chunk.length;
      onProgress(bytes);
      yield chunk;
    }
  }
  await pipeline(hashed(), createWriteStream(path, { mode: 0o600, flush: true }));
  return { bytes, sha256: hash.digest("hex") };
}

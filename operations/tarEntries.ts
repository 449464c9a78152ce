import { Readable } from "node:stream";
import { type Entry, extract } from "tar-stream";

/**
 * The entries of a tar archive as it streams by, in bounded memory.
 *
 * The content of each has to be read before the next one is asked for. Throws when the archive is
 * damaged or ends within an entry.
 */
export function tarEntries(archive: AsyncIterable<Uint8Array>): AsyncIterable<Entry> {
  const entries = extract();
  const source = Readable.from(archive);
  source.on("error", (error) => entries.destroy(error));
  // Whoever stops reading the entries stops the archive.
  entries.on("close", () => source.destroy());
  source.pipe(entries);
  return entries;
}

/** Two blocks of zeros end an archive. */
const TRAILER_BYTES = 1024;

/**
 * The same bytes; throws after the last one unless an archive ends there.
 *
 * Docker writes an archive of files that change meanwhile, and breaks off between two of them, with
 * nothing but a line in its own log, when one has shrunk.
 */
export async function* wholeArchive(archive: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let end: Uint8Array = new Uint8Array();
  for await (const part of archive) {
    end = Buffer.concat([end, part.subarray(-TRAILER_BYTES)]).subarray(-TRAILER_BYTES);
    yield part;
  }
  if (end.length < TRAILER_BYTES || end.some((byte) => byte !== 0))
    throw new Error("the archive was cut off: files in it changed while it was read");
}

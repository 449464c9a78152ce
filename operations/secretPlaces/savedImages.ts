import { createHash } from "node:crypto";
import { basename } from "node:path";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import type { Entry } from "tar-stream";
import type { Place, SearchedObject } from "../placeSearch";
import { tarEntries } from "../tarEntries";
import { toObject } from "./containerFiles";
import { type StackThings, streamFrom, tagOf } from "./stackThings";

type Parts = AsyncIterable<Uint8Array>;

/**
 * `docker save` of all the stack's images at once, so that a layer which several share comes once,
 * and every file in every layer.
 *
 * Its own check: the digests of the layers that were looked through are those of the images.
 */
export function savedImages({ docker, images }: StackThings): Place {
  return {
    name: "image layers",
    async *objects() {
      const digests = new Set<string>();
      const names = images.map(({ Id }) => Id);
      const archive = await streamFrom(docker, "/images/get", { names });
      for await (const entry of tarEntries(archive as Parts)) yield* objectsIn(entry, digests);
      const missing = images.flatMap((image) =>
        (image.RootFS.Layers ?? ["any"])
          .filter((layer) => !digests.has(layer))
          .map((layer) => `${layer} of ${tagOf(image)}`),
      );
      if (missing.length > 0) throw new Error(`layers were not saved: ${missing.join(", ")}`);
    },
  };
}

/** Of a layer its files, of anything else in the archive (the image's configuration) itself. */
async function* objectsIn(entry: Entry, digests: Set<string>): AsyncIterable<SearchedObject> {
  const [head, parts] = await peek(entry);
  const packed = head[0] === 0x1f && head[1] === 0x8b;
  if (!packed && !isTar(head)) {
    yield { name: `image: ${entry.header.name}`, content: parts };
    return;
  }
  const layer = createHash("sha256");
  const short = basename(entry.header.name.replace(/\/layer\.tar$/, "")).slice(0, SHORT_ID);
  for await (const file of tarEntries(hashing(packed ? unpack(parts) : parts, layer)))
    yield toObject(file, `layer ${short}: `);
  digests.add(`sha256:${layer.digest("hex")}`);
}

const BLOCK_BYTES = 512;
/** As many characters of an ID as Docker shows. */
const SHORT_ID = 12;

/** The first block of a stream, and the whole stream again. */
async function peek(stream: Parts): Promise<[Uint8Array, Parts]> {
  const rest = stream[Symbol.asyncIterator]();
  let head: Uint8Array = new Uint8Array();
  for (let part = await rest.next(); !part.done; part = await rest.next()) {
    head = Buffer.concat([head, part.value]);
    if (head.length >= BLOCK_BYTES) break;
  }
  async function* whole() {
    yield head;
    yield* { [Symbol.asyncIterator]: () => rest };
  }
  return [head, whole()];
}

/** By the magic of a tar header (POSIX.1-1988); a layer without files is zeros from the start. */
function isTar(head: Uint8Array): boolean {
  const magic = Buffer.from(head.subarray(257, 262)).toString("latin1");
  return magic === "ustar" || (head.length >= BLOCK_BYTES && head.every((byte) => byte === 0));
}

function unpack(parts: Parts): Parts {
  return Readable.from(parts).compose(createGunzip());
}

async function* hashing(parts: Parts, hash: ReturnType<typeof createHash>): Parts {
  for await (const part of parts) {
    hash.update(part);
    yield part;
  }
}

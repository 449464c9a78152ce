import { buffer } from "node:stream/consumers";
import { pack } from "tar-stream";
import { describe, expect, test } from "vitest";
import { tarEntries, wholeArchive } from "./tarEntries";

async function archiveOf(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const archive = pack();
  for (const [name, content] of Object.entries(files)) archive.entry({ name }, content);
  archive.finalize();
  return buffer(archive);
}

async function* parts(bytes: Buffer, size = 700) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function contents(archive: AsyncIterable<Uint8Array>): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const entry of tarEntries(archive))
    found[entry.header.name] = (await buffer(entry)).toString();
  return found;
}

const FILES = { "a/long": "x".repeat(5000), empty: "", short: "text" };

describe("tarEntries", () => {
  test("gives every file with its content, wherever the parts are cut", async () => {
    const archive = await archiveOf(FILES);
    for (const size of [13, 511, 512, 65536])
      expect(await contents(parts(archive, size))).toEqual(FILES);
  });

  test("throws for an archive that ends within a file, and for what is none", async () => {
    const archive = await archiveOf(FILES);
    await expect(contents(parts(archive.subarray(0, 3000)))).rejects.toThrow("Unexpected end");
    await expect(contents(parts(Buffer.alloc(2048, "no archive")))).rejects.toThrow("Invalid tar");
  });

  test("passes on what its source throws", async () => {
    const archive = await archiveOf(FILES);
    async function* failing() {
      yield* parts(archive.subarray(0, 3000));
      throw new Error("the connection was lost");
    }
    await expect(contents(failing())).rejects.toThrow("the connection was lost");
  });

  test("stops its source when nobody reads on", async () => {
    const archive = await archiveOf(FILES);
    let stopped = false;
    async function* source() {
      try {
        yield* parts(archive);
      } finally {
        stopped = true;
      }
    }
    for await (const entry of tarEntries(source())) {
      entry.resume();
      break;
    }
    await expect.poll(() => stopped, { timeout: 4_000 }).toBe(true);
  });
});

describe("wholeArchive", () => {
  test("changes nothing about an archive that is whole", async () => {
    const archive = await archiveOf(FILES);
    for (const size of [300, 65536])
      expect(await contents(wholeArchive(parts(archive, size)))).toEqual(FILES);
  });

  test("throws for one that was cut off between two files", async () => {
    const archive = await archiveOf(FILES);
    const firstFileOnly = archive.subarray(0, 512 + 5120);
    expect(Object.keys(await contents(parts(firstFileOnly)))).toEqual(["a/long"]);
    await expect(contents(wholeArchive(parts(firstFileOnly)))).rejects.toThrow("cut off");
  });
});

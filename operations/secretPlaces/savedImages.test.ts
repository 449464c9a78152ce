import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { type Headers, pack } from "tar-stream";
import { describe, expect, test } from "vitest";
import { SecretSearch } from "../../checks/secretSearch";
import { searchPlace } from "../placeSearch";
import { savedImages } from "./savedImages";
import type { StackThings } from "./stackThings";

/*
 * Not proven here: what an engine really sends. test/stack/leakScan.test.ts does, for an engine that
 * saves layers as they are; newer ones save them in the OCI layout, packed.
 */
const SECRET = "canary-of-an-image";
const search = new SecretSearch([{ name: "the secret", value: SECRET }]);

async function tar(files: readonly (readonly [Headers | string, string | Buffer])[]) {
  const archive = pack();
  for (const [header, content] of files)
    archive.entry(typeof header === "string" ? { name: header } : header, content);
  archive.finalize();
  return buffer(archive);
}

function digestOf(layer: Buffer): string {
  return createHash("sha256").update(layer).digest("hex");
}

/** A place over an engine that answers with this archive for an image of these layers. */
function place(archive: Buffer, layers: readonly Buffer[]) {
  const image = {
    Id: "sha256:1234",
    RepoTags: ["an/image:1"],
    RootFS: { Layers: layers.map((layer) => `sha256:${digestOf(layer)}`) },
  };
  const dial = (request: object, done: (error: null, answer: Readable) => void) => {
    expect(request).toMatchObject({ path: "/images/get?", options: { names: ["sha256:1234"] } });
    done(null, Readable.from(cut(archive)));
  };
  return savedImages({ docker: { modem: { dial } }, images: [image] } as unknown as StackThings);
}

function* cut(archive: Buffer) {
  for (let at = 0; at < archive.length; at += 700) yield archive.subarray(at, at + 700);
}

describe("savedImages", () => {
  test("looks into every file of every layer, and into the configuration", async () => {
    const first = await tar([
      ["etc/clean", "nothing"],
      ["etc/secret", SECRET],
    ]);
    const empty = await tar([]);
    const archive = await tar([
      ["0123456789abcdef/layer.tar", first],
      ["feedfeedfeedfeed/layer.tar", empty],
      ["1234.json", `{"history": "ENV KEY=${Buffer.from(SECRET).toString("hex")}"}`],
    ]);
    expect(await searchPlace(place(archive, [first, empty]), search)).toMatchObject({
      objects: 3,
      findings: [
        { object: "layer 0123456789ab: etc/secret", form: "as it is" },
        { object: "image: 1234.json", form: "hex" },
      ],
    });
  });

  test("unpacks layers of the OCI layout, and what is packed within them", async () => {
    const layer = await tar([["root/leak.gz", gzipSync(`the text ${SECRET}`)]]);
    const packed = gzipSync(layer);
    const archive = await tar([[`blobs/sha256/${digestOf(packed)}`, packed]]);
    const result = await searchPlace(place(archive, [layer]), search);
    expect(result).not.toHaveProperty("notSearched");
    expect(result.findings).toEqual([
      {
        object: `layer ${digestOf(packed).slice(0, 12)}: root/leak.gz`,
        secret: "the secret",
        form: "as it is, packed",
      },
    ]);
  });

  test("looks at names and at where links point", async () => {
    const layer = await tar([
      [`tmp/${SECRET}`, ""],
      [{ name: "link", type: "symlink", linkname: `/nowhere/${SECRET}` }, ""],
    ]);
    const archive = await tar([["a/layer.tar", layer]]);
    const { findings } = await searchPlace(place(archive, [layer]), search);
    expect(findings.map(({ form }) => form)).toEqual(["as it is, as a name", "as it is"]);
  });

  test("does not take an image for searched of which a layer is missing or another one", async () => {
    const layer = await tar([["a", "a"]]);
    const other = await tar([["a", "b"]]);
    const archive = await tar([["a/layer.tar", other]]);
    expect(await searchPlace(place(archive, [layer]), search)).toMatchObject({
      objects: 1,
      notSearched: `layers were not saved: sha256:${digestOf(layer)} of an/image:1`,
    });
  });

  test("does not take an archive that was cut off for a whole one", async () => {
    const layer = await tar([["a", "x".repeat(5000)]]);
    const archive = await tar([["a/layer.tar", layer]]);
    const result = await searchPlace(place(archive.subarray(0, 4000), [layer]), search);
    expect(result.notSearched).toContain("Unexpected end of data");
  });
});

import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { SecretSearch } from "../checks/secretSearch";
import { type SearchedObject, searchPlace } from "./placeSearch";

const SECRET = "canary-7f3a9c-of-a-password";
const search = new SecretSearch([{ name: "the password", value: SECRET }]);

async function* parts(...all: (Buffer | string)[]) {
  for (const part of all) yield Buffer.from(part);
}

function place(...objects: SearchedObject[]) {
  return {
    name: "here",
    async *objects() {
      yield* objects;
    },
  };
}

/** In parts of the given size. */
function cut(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
}

describe("searchPlace", () => {
  test("counts what it looked through, and finds nothing where nothing is", async () => {
    const { seconds, ...result } = await searchPlace(
      place({ name: "a", content: "abc" }, { name: "b", content: parts("12", "3456") }),
      search,
    );
    expect(result).toEqual({ place: "here", objects: 2, bytes: 9, sealed: 0, findings: [] });
    expect(seconds).toBeGreaterThanOrEqual(0);
  });

  test("names object, secret and form, and never the value", async () => {
    const result = await searchPlace(
      place({ name: "a log", content: `login with ${SECRET}` }),
      search,
    );
    expect(result.findings).toEqual([
      { object: "a log", secret: "the password", form: "as it is" },
    ]);
    expect(JSON.stringify(result)).not.toContain(SECRET);
  });

  test("does not repeat a name that is itself the secret", async () => {
    const result = await searchPlace(place({ name: `file ${SECRET}`, content: "" }), search);
    expect(result.findings).toEqual([
      {
        object: "something with a secret in its name",
        secret: "the password",
        form: "as it is, as a name",
      },
    ]);
  });

  test.each([1, 5, 64])("unpacks gzip that comes in parts of %i bytes", async (size) => {
    const packed = gzipSync(`${"a text ".repeat(1000)}${SECRET}`);
    const object = { name: "a.gz", content: parts(...cut(packed, size)) };
    const { findings, bytes, sealed } = await searchPlace(place(object), search);
    expect(findings).toMatchObject([{ form: "as it is, packed" }]);
    expect({ bytes, sealed }).toEqual({ bytes: 7000 + SECRET.length, sealed: 0 });
  });

  test("goes on where gzip is damaged, and says that it could not be unpacked", async () => {
    const packed = gzipSync(randomBytes(200_000));
    packed.fill(0, 50_000, 60_000);
    const broken = parts(...cut(packed, 1000), ` ${SECRET}`);
    const { findings, sealed } = await searchPlace(
      place({ name: "a.gz", content: broken }, { name: "b", content: "next" }),
      search,
    );
    expect(findings).toMatchObject([{ object: "a.gz", form: "as it is" }]);
    expect(sealed).toBe(1);
  });

  test("counts other packed forms, which it cannot look into", async () => {
    const zip = Buffer.concat([Buffer.from([0x50, 0x4b, 0x03, 0x04]), randomBytes(20)]);
    expect(await searchPlace(place({ name: "a.zip", content: zip }), search)).toMatchObject({
      objects: 1,
      sealed: 1,
    });
  });

  test("takes a place for not searched when a marker is missing", async () => {
    const marked = (content: string) => ({ name: "a", content, markers: ["other", "public text"] });
    expect(await searchPlace(place(marked("some public text")), search)).not.toHaveProperty(
      "notSearched",
    );
    expect(await searchPlace(place(marked("")), search)).toMatchObject({
      notSearched: "a is not what it should be",
    });
  });

  test("takes an empty place for not searched, unless it may be empty", async () => {
    expect(await searchPlace(place(), search)).toMatchObject({
      notSearched: "there is nothing, but there must be something",
    });
    expect(await searchPlace({ ...place(), mayBeEmpty: true }, search)).not.toHaveProperty(
      "notSearched",
    );
  });

  test("keeps what it found before a place could not be searched further", async () => {
    const failing = {
      name: "here",
      async *objects() {
        yield { name: "a", content: SECRET };
        throw new Error("the rest needs root");
      },
    };
    expect(await searchPlace(failing, search)).toMatchObject({
      objects: 1,
      findings: [{ object: "a" }],
      notSearched: "the rest needs root",
    });
  });

  test("does not repeat an error that holds a secret", async () => {
    const failing = {
      name: "here",
      // biome-ignore lint/correctness/useYield: it fails before it has anything
      async *objects() {
        throw new Error(`no such file: /tmp/${SECRET}`);
      },
    };
    expect(await searchPlace(failing, search)).toMatchObject({
      notSearched: "for a reason that holds a secret itself",
    });
  });

  test("leaves the one secret alone that an object is there to hold", async () => {
    const held = { name: "its file", content: SECRET, mayHold: "the password" };
    expect((await searchPlace(place(held), search)).findings).toEqual([]);
    const other = { ...held, mayHold: "another secret" };
    expect((await searchPlace(place(other), search)).findings).toHaveLength(1);
  });
});

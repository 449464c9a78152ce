import { describe, expect, test } from "vitest";
import { ManifestSum, parseHeader, parseLine, pathBytes, portableLine } from "./manifest";

const FILE =
  '{"path":"a","type":"file","mode":"0644","uid":0,"gid":0,"mtime":"1","size":3,"hash":"ab","stamp":"1:2"}';

describe("an entry's portable line", () => {
  test("is the line without its stamp", () => {
    expect(portableLine(FILE)).toBe(FILE.replace(',"stamp":"1:2"', ""));
  });

  test("keeps what only looks like a stamp", () => {
    const line = JSON.stringify({ path: 'x,"stamp":"1:2"}', xattrs: { "user.stamp": "AA==" } });
    expect(portableLine(line)).toBe(line);
  });
});

describe("a manifest's sum", () => {
  const sum = (lines: readonly string[], volatile: readonly string[] = []) => {
    const total = new ManifestSum(volatile);
    for (const line of lines) total.add(line);
    return total.end();
  };
  const second = FILE.replace('"a"', '"b"');

  test("counts entries and the bytes of files, each file once", () => {
    const link = '{"path":"c","type":"file","hardLink":"a"}';
    expect(sum([FILE, second, link])).toMatchObject({ entries: 3, bytes: 6 });
  });

  test("has the SHA-256 of its portable lines as digest", () => {
    // printf '%s\n' '<the line without its stamp>' | sha256sum
    expect(sum([FILE]).digest).toBe(
      "2c95e8428dc8c159e94f0a256a908f45b4c2e3d8a780fad4c354325d3faccbe5",
    );
  });

  test("does not depend on stamps, and on everything else", () => {
    const { digest } = sum([FILE]);
    expect(sum([FILE.replace("1:2", "3:4")]).digest).toBe(digest);
    expect(sum([FILE.replace("0644", "0600")]).digest).not.toBe(digest);
    expect(sum([FILE, second]).digest).not.toBe(digest);
  });

  test("leaves volatile paths out of the digest, and counts them", () => {
    const all = sum([FILE, second], ["b"]);
    expect(all.digest).toBe(sum([FILE]).digest);
    expect(all.entries).toBe(2);
  });
});

describe("a manifest's first line", () => {
  test("is read when it is of this version", () => {
    const header = { manifest: 1, createdAt: "2026-01-01T00:00:00Z", hash: "BLAKE3", tools: {} };
    expect(parseHeader(JSON.stringify(header))).toEqual(header);
  });

  test.each([
    ["nothing", undefined, "does not begin like a manifest"],
    ["half a line", '{"manifest":1', "does not begin like a manifest"],
    ["another document", "[1]", "does not begin like a manifest"],
    ["a later version", '{"manifest":2}', "is of version 2; this doom reads version 1"],
    [
      "a version of another kind",
      '{"manifest":"x"}',
      'is of version "x"; this doom reads version 1',
    ],
  ])("is refused when it is %s", (_, line, message) => {
    expect(() => parseHeader(line)).toThrow(message);
  });
});

test("a line is an entry, the end, or neither", () => {
  expect(parseLine(FILE)).toMatchObject({ path: "a", size: 3 });
  expect(parseLine('{"entries":1,"bytes":2,"digest":"ab"}')).toMatchObject({ digest: "ab" });
  expect(parseLine('{"something":1}')).toBeUndefined();
  expect(parseLine("{")).toBeUndefined();
  expect(parseLine("1")).toBeUndefined();
});

test.each([
  ["the root", ".", ""],
  ["ASCII", "a b/c", "a b/c"],
  ["UTF-8", "ü", "\u00c3\u00bc"],
  ["bytes that are no UTF-8", "%FF", "\u00ff"],
  ["a newline and a percent sign", "a%0Ab%25", "a\nb%"],
])("the bytes of a path: %s", (_, path, bytes) => {
  expect(pathBytes(path)).toBe(bytes);
});

import { describe, expect, test } from "vitest";
import { memberProblem, parseArchive, parseMember, TreeCheck } from "./archive";
import type { ManifestEntry } from "./manifest";

const FILE = { bytes: 1, sha256: "ab".repeat(32) };
const ARCHIVE = {
  archive: 1,
  createdAt: "2026-01-01T00:00:00.000Z",
  environment: "dev",
  source: { title: "the volume a", key: "x/volume/a" },
  manifest: FILE,
  data: FILE,
};

describe("archive.json", () => {
  test("is read when it is whole, with or without an environment", () => {
    expect(parseArchive(JSON.stringify(ARCHIVE))).toEqual(ARCHIVE);
    const { environment, ...rest } = ARCHIVE;
    expect(environment).toBe("dev");
    expect(parseArchive(JSON.stringify(rest))).toEqual(rest);
  });

  test.each([
    ["nothing", "", "cut off or no JSON"],
    ["half of it", JSON.stringify(ARCHIVE).slice(0, 50), "cut off or no JSON"],
    [
      "a later version",
      JSON.stringify({ ...ARCHIVE, archive: 2 }),
      "archive is 2; this doom reads 1",
    ],
    ["another document", '{"a":1}', "archive is undefined"],
    ["null", "null", "archive is undefined"],
    ["a key too many", JSON.stringify({ ...ARCHIVE, more: 1 }), "more"],
    ["no hash", JSON.stringify({ ...ARCHIVE, data: { ...FILE, sha256: "x" } }), "data.sha256"],
    ["a negative size", JSON.stringify({ ...ARCHIVE, data: { ...FILE, bytes: -1 } }), "data.bytes"],
  ])("is refused when it is %s", (_, text, message) => {
    expect(parseArchive(text)).toEqual(expect.stringContaining(message));
  });
});

const entry = (path: string, changes: Partial<ManifestEntry> = {}): ManifestEntry => ({
  path,
  type: "file",
  mode: "0644",
  uid: 0,
  gid: 0,
  mtime: "1",
  size: 3,
  ...changes,
});
const folder = (path: string) => entry(path, { type: "directory" });

describe("the tree of a manifest", () => {
  const problems = (entries: readonly ManifestEntry[]) => {
    const check = new TreeCheck();
    return entries.flatMap((one) => check.problem(one) ?? []);
  };

  test("is fine with every kind of name", () => {
    const names = ["%0A", "-rf", "..a", "a", "a/..b", "a/b", "a-", "a-/c"];
    const sorted = [".", "%0A", "-rf", "..a", "a", "a-", "a-/c", "a/..b", "a/b"];
    expect(names).toHaveLength(8);
    const entries = sorted.map((path) =>
      ["a", "a-", "."].includes(path) ? folder(path) : entry(path),
    );
    expect(problems(entries)).toEqual([]);
  });

  test.each([
    ["without a root", [entry("a")], "a: stands before the root"],
    ["with a way out", [folder("."), entry("../x")], "leads out of the archive"],
    [
      "with a way out that is encoded",
      [folder("."), entry("%2E%2E/x")],
      "leads out of the archive",
    ],
    ["with an absolute path", [folder("."), entry("/x")], "is an absolute path"],
    ["with a dot", [folder("."), entry("./x")], "is no plain path"],
    ["with two slashes", [folder("."), folder("a"), entry("a//b")], "is no plain path"],
    ["with a path twice", [folder("."), entry("a"), entry("a")], "a: is there twice"],
    ["in another order", [folder("."), entry("b"), entry("a")], "a: is out of order"],
    ["without a folder", [folder("."), entry("a/b")], "would be written through"],
    [
      "with a path below a link",
      [folder("."), entry("a", { type: "link", target: "/etc" }), entry("a/passwd")],
      'a/passwd: would be written through "a", which is no folder',
    ],
    [
      "with another name of what comes later",
      [folder("."), entry("a", { hardLink: "b" })],
      "does not come before it",
    ],
  ])("%s is refused", (_, entries, message) => {
    expect(problems(entries as ManifestEntry[])[0]).toContain(message);
  });
});

describe("a line of tar's list", () => {
  test.each([
    [
      'drwxr-xr-x 0/0               0 2026-11-24 21:38:33.770106926 "./"',
      { name: "", type: "d", size: 0, target: undefined },
    ],
    [
      'drwxr-xr-x+ 0/0               0 2026-11-24 21:38:33.770106926 "./d/"',
      { name: "d", type: "d", size: 0, target: undefined },
    ],
    [
      'crw-r--r-- 0/0             1,3 2200-01-01 00:00:00           "./c"',
      { name: "c", type: "c", size: 0, target: undefined },
    ],
    [
      'lrwxrwxrwx 54321/65432       0 2026-11-24 21:38:33.462538018 "./l" -> "a -> b"',
      { name: "l", type: "l", size: 0, target: "a -> b" },
    ],
    [
      String.raw`hrwsr-xr-x 0/0 0 2026-11-24 21:38:33.4 "./n\377\n\\ \"q -> z" link to "./m"`,
      { name: 'n\xff\n\\ "q -> z', type: "h", size: 0, target: "./m" },
    ],
    [
      'prw-r--r-- 0/0               0 1969-12-31 23:59:59.5         "./p"',
      { name: "p", type: "p", size: 0, target: undefined },
    ],
    [
      '-rw-r--r-- 0/0      9663676417 2026-11-24 21:38:33.473227944 "./sp"',
      { name: "sp", type: "-", size: 9663676417, target: undefined },
    ],
    [
      '-rw-r--r-- 0/0 1 2026-11-24 21:38:33.473227944 "/etc/passwd"',
      { name: "/etc/passwd", type: "-", size: 1, target: undefined },
    ],
    [
      '-rw-r--r-- 0/0 1 2026-11-24 21:38:33.473227944 "./a/../../x"',
      { name: "a/../../x", type: "-", size: 1, target: undefined },
    ],
  ])("%s", (line, member) => {
    expect(parseMember(line)).toEqual(member);
  });

  test("of another form is an error, not skipped", () => {
    expect(() => parseMember("tar: something")).toThrow("tar printed");
    expect(() => parseMember('Vrw-r--r-- 0/0 1 2026-11-24 21:38:33 "./x"')).toThrow("tar printed");
  });
});

describe("a member", () => {
  const member = (name: string, changes: object = {}) => ({
    name,
    type: "-",
    size: 3,
    target: undefined,
    ...changes,
  });

  test.each([
    ["a file", member("a"), entry("a")],
    ["a file with bytes in its name", member("\xff"), entry("%FF")],
    ["the root", member("", { type: "d" }), folder(".")],
    [
      "a link",
      member("l", { type: "l", target: "\xff" }),
      entry("l", { type: "link", target: "%FF" }),
    ],
    [
      "a link to its own folder",
      member("l", { type: "l", target: "." }),
      entry("l", { type: "link", target: "." }),
    ],
    ["another name", member("b", { type: "h", target: "./a" }), entry("b", { hardLink: "a" })],
    [
      "another name of a pipe, which tar writes anew",
      member("q", { type: "p", size: 0 }),
      entry("q", { type: "fifo", hardLink: "p" }),
    ],
    ["a device", member("n", { type: "c", size: 0 }), entry("n", { type: "character" })],
  ])("is what the manifest says: %s", (_, given, expected) => {
    expect(memberProblem(given, expected)).toBeUndefined();
  });

  test("and nothing may be left over on either side", () => {
    expect(memberProblem(undefined, undefined)).toBeUndefined();
    expect(memberProblem(undefined, entry("a"))).toContain("a: is in the manifest, but not in");
    expect(memberProblem(member("a"), undefined)).toContain('"a": is there twice, out of order or');
  });

  test.each([
    ["a way out", member("../../etc/x"), entry("a"), '"../../etc/x": leads out of the archive'],
    ["an absolute path", member("/etc/x"), entry("a"), "is an absolute path"],
    ["another path", member("b"), entry("a"), '"b": is there twice, out of order or not in'],
    [
      "another type",
      member("a", { type: "l", target: "/" }),
      entry("a"),
      "is not the manifest's file",
    ],
    ["more bytes", member("a", { size: 2 ** 50 }), entry("a"), "has 1125899906842624 bytes, and 3"],
    [
      "another target",
      member("l", { type: "l", target: "/etc" }),
      entry("l", { type: "link", target: "x" }),
      "does not point to x",
    ],
    [
      "a hard link to something else",
      member("b", { type: "h", target: "./c" }),
      entry("b", { hardLink: "a" }),
      "is not the link to a",
    ],
    [
      "a file instead of another name",
      member("b"),
      entry("b", { hardLink: "a" }),
      "is not the link to a",
    ],
  ])("is refused with %s", (_, given, expected, message) => {
    expect(memberProblem(given, expected)).toContain(message);
  });
});

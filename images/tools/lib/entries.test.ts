import { describe, expect, test } from "vitest";

describe("entries of a manifest", async () => {
  const { EarlierEntries } = await import("./earlier.mjs");
  const { entries, withKnown } = await import("./entries.mjs");

  type Listed = import("./listing.mjs", { with: { "resolution-mode": "import" }}).Listed;
  type Entry = import("./entries.mjs", { with: { "resolution-mode": "import" }}).Entry;

  const listed = (path: string, changes: Partial<Listed> = {}): Listed => ({
    path,
    letter: "f",
    mode: "0644",
    uid: 0,
    gid: 0,
    size: 3,
    mtime: "10",
    ctime: "20",
    inode: path,
    links: 1,
    ...changes,
  });

  async function* chunks<T>(...some: T[][]) {
    yield* some;
  }

  async function all(list: AsyncIterable<Entry[]>): Promise<Entry[]> {
    const found: Entry[] = [];
    for await (const some of list) found.push(...some);
    return found;
  }

  describe("hard links", () => {
    test("are names of the first one, over chunks and types; a folder's links are none", async () => {
      const twice = { inode: "7", links: 3 };
      const found = await all(
        entries(
          chunks(
            [listed("", { letter: "d", links: 5 }), listed("a", twice)],
            [listed("b", twice), listed("c"), listed("p", { letter: "p", inode: "8", links: 2 })],
            [listed("d", twice), listed("q", { letter: "p", inode: "8", links: 2 })],
          ),
        ),
      );
      expect(found.map(({ path, type, hardLink }) => [path, type, hardLink])).toEqual([
        [".", "directory", undefined],
        ["a", "file", undefined],
        ["b", "file", "a"],
        ["c", "file", undefined],
        ["p", "fifo", undefined],
        ["d", "file", "a"],
        ["q", "fifo", "p"],
      ]);
    });
  });

  test("a type that nothing is known of is an error", async () => {
    await expect(all(entries(chunks([listed("x", { letter: "D" })])))).rejects.toThrow(
      "x is neither",
    );
  });

  describe("what an earlier manifest vouches for", () => {
    const line = (path: string, changes: object = {}) =>
      JSON.stringify({
        path,
        type: "file",
        mtime: "10",
        size: 3,
        hash: "aa",
        stamp: `${path}:20`,
        ...changes,
      });

    async function known(earlier: string[], now: Listed[]): Promise<string[]> {
      async function* lines() {
        yield '{"manifest":1}';
        yield* earlier;
        yield '{"entries":1,"bytes":3,"digest":"ab"}';
      }
      const found = await all(withKnown(entries(chunks(now)), new EarlierEntries(lines())));
      return found.filter((entry) => entry.known !== undefined).map(({ path }) => path);
    }

    test("is what has the same inode and times, whatever came or went around it", async () => {
      const earlier = [
        line(".", { type: "directory" }),
        line("a"),
        line("b"),
        line("d"),
        line("%FF"),
      ];
      const now = [
        listed("a"),
        listed("a0"),
        listed("c"),
        listed("d"),
        listed("\xff", { inode: "%FF" }),
      ];
      expect(await known(earlier, now)).toEqual(["a", "d", "%FF"]);
    });

    test.each<[string, Partial<Listed>, object]>([
      ["another inode", { inode: "9" }, {}],
      ["a later change, even with the time set back", { ctime: "21" }, {}],
      ["another time", { mtime: "11" }, {}],
      ["another size", { size: 4 }, {}],
      ["another type", { letter: "p" }, {}],
      ["no stamp, because it was too fresh then", {}, { stamp: undefined }],
      ["no hash, because it was another name then", {}, { hash: undefined, hardLink: "0" }],
    ])("is nothing with %s", async (_, change, before) => {
      expect(await known([line("a", before)], [listed("a", change)])).toEqual([]);
    });

    test("is a link, a folder or another name without a hash", async () => {
      const earlier = [
        line("a", { type: "directory", size: undefined, hash: undefined }),
        line("b", { type: "link", size: undefined, hash: undefined }),
      ];
      const now = [listed("a", { letter: "d" }), listed("b", { letter: "l" })];
      expect(await known(earlier, now)).toEqual(["a", "b"]);
    });
  });
});

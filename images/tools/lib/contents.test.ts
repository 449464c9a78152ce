import { describe, expect, test } from "vitest";

describe("what getfattr prints", async () => {
  const { parseAttributes } = await import("./contents.mjs");

  test("a dump of getfattr, with names of every kind", () => {
    const dump = [
      '# file: ./n\xff\\012\\134 "q\x01',
      "user.k=0x00ff",
      "user.we \\075ird\\134x=0x",
      "security.selinux=0x00",
      "",
      "# file: ./only-the-hosts",
      "security.selinux=0x00",
      "",
      "# file: ./a",
      "system.posix_acl_access=0x02000000",
      "",
      "",
    ].join("\n");
    const found = [...parseAttributes(dump)].map(([path, values]) => [path, [...values]]);
    expect(found).toEqual([
      [
        'n\xff\n\\ "q\x01',
        [
          ["user.k", "AP8="],
          ["user.we =ird\\x", ""],
        ],
      ],
      ["a", [["system.posix_acl_access", "AgAAAA=="]]],
    ]);
    expect(parseAttributes("")).toEqual(new Map());
  });

  test("what is no dump is refused, not skipped", () => {
    expect(() => parseAttributes("getfattr: something\n")).toThrow("getfattr printed");
    expect(() => parseAttributes("# file: ./a\nuser.x=0y\n")).toThrow("getfattr printed");
  });
});

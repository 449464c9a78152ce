import { describe, expect, test } from "vitest";

describe("what find lists", async () => {
  const { nanoseconds, parseRecord, records } = await import("./listing.mjs");

  test.each([
    ["1795552381.1379662840", "1795552381137966284"],
    ["0.0000000010", "1"],
    ["0.0000000000", "0"],
    ["4070908800.0000000000", "4070908800000000000"],
    // find adds the fraction to the seconds: this is a quarter of a second before 1970.
    ["-1.7500000000", "-250000000"],
    ["-2147483648.0000000000", "-2147483648000000000"],
  ])("%s seconds are %s nanoseconds", (seconds, expected) => {
    expect(nanoseconds(seconds)).toBe(expected);
  });

  // find /tmp -maxdepth 0 -printf "$FORMAT", with a name that looks like a part of it.
  const RECORD =
    "d  1777          0       1000                4096            1795553201.2819956150            1795553201.2819956160              1237844          1 a  b\xff\n";

  test("a record of find", () => {
    expect(parseRecord(RECORD)).toEqual({
      letter: "d",
      mode: "1777",
      uid: 0,
      gid: 1000,
      size: 4096,
      mtime: "1795553201281995615",
      ctime: "1795553201281995616",
      inode: "1237844",
      links: 1,
      path: " a  b\xff\n",
    });
    expect(parseRecord(RECORD.replace("1777", "   0")).mode).toBe("0000");
  });

  async function collected(chunks: string[]): Promise<string[]> {
    async function* stream() {
      for (const chunk of chunks) yield Buffer.from(chunk, "latin1");
    }
    const all: string[] = [];
    for await (const some of records(stream())) all.push(...some);
    return all;
  }

  test("records come out whole, however they are cut", async () => {
    expect(await collected(["a\0b", "c\0", "", "\xff\n\0"])).toEqual(["a", "bc", "\xff\n"]);
    await expect(collected(["a\0b"])).rejects.toThrow("cut off");
  });
});

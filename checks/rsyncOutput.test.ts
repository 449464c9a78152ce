import { describe, expect, test } from "vitest";
import { parseProgress, parseTotals } from "./rsyncOutput";

describe("progress", () => {
  test("is the last that stands there", () => {
    const text =
      "\r          32768   0%    0.00kB/s    0:00:00  \r      209715200  16%  456.55MB/s    0:00:00 (xfr#1, ir-chk=1215/1217)\r      405602304  32%  386.78MB/s    0:00:02 (xfr#2, to-chk=1/3)";
    expect(parseProgress(text)).toEqual({ bytes: 405602304, percent: 32, files: 2 });
  });

  test("may begin before the first file is through", () => {
    expect(parseProgress("\r     32768   0%    0.00kB/s    0:00:00  ")).toEqual({
      bytes: 32768,
      percent: 0,
      files: 0,
    });
  });

  test("is undefined in other text", () => {
    expect(parseProgress("Number of files: 5 (reg: 3)\n")).toBeUndefined();
    expect(parseProgress("")).toBeUndefined();
  });
});

describe("totals", () => {
  const TEXT = `\r  214419   0%  260.79kB/s    0:00:00 (xfr#100, to-chk=0/20407)

Number of files: 20407 (reg: 20006, dir: 401)
Number of created files: 102 (reg: 100, dir: 2)
Number of deleted files: 3
Number of regular files transferred: 100
Total file size: 1299197481 bytes
Total transferred file size: 214419 bytes
`;

  test("are read from the end", () => {
    expect(parseTotals(TEXT)).toEqual({
      bytes: 214419,
      transferred: 100,
      created: 102,
      deleted: 3,
    });
  });

  test("that are not there are an error, not 0", () => {
    expect(() => parseTotals(TEXT.replace("deleted", "lost"))).toThrow("Number of deleted files");
  });
});

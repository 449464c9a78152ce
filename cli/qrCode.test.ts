import { describe, expect, test } from "vitest";
import { readQr } from "../test/support/qrReader";
import { qrCode } from "./qrCode";

const URLS = [
  "https://doom-dev/",
  "https://192.168.178.20:8445/i/50/",
  `https://doom-${"a".repeat(24)}.tail1234.ts.net:8444/`,
];

describe("a printed code", () => {
  test.each(URLS)("is read as %s", async (url) => {
    expect(readQr(await qrCode(url, false))).toBe(url);
    expect(readQr(await qrCode(url, true))).toBe(url);
  });

  test("fits into a terminal of 80 columns", async () => {
    const lines = (await qrCode(URLS[2] as string, false)).split("\n");
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
  });

  test("brings its own colours where they are shown, in every line", async () => {
    const lines = (await qrCode("https://doom-dev/", true)).split("\n");
    expect(lines.filter((line) => !line.startsWith("\u001b[97;40m"))).toEqual([]);
    expect(lines.filter((line) => !line.endsWith("\u001b[0m"))).toEqual([]);
  });

  test("is not read when it is spoilt", async () => {
    const code = await qrCode("https://doom-dev/", false);
    const lines = code.split("\n");
    expect(readQr(lines.slice(0, lines.length / 2).join("\n"))).toBeUndefined();
  });
});

import { describe, expect, test } from "vitest";
import { pathBytes } from "../../../checks/manifest";

describe("names in a manifest", async () => {
  const { decodeBytes, encodeBytes } = await import("./paths.mjs");

  const latin1 = (text: string) => Buffer.from(text).toString("latin1");

  describe("a name", () => {
    test.each([
      ["plain", "a b-'\"\\", "a b-'\"\\"],
      ["with a newline, an escape and a percent sign", "a\nb\x1b%", "a%0Ab%1B%25"],
      ["in UTF-8", latin1("ü/日本/😀"), "ü/日本/😀"],
      ["in UTF-8 with a newline", latin1("ü\n"), "ü%0A"],
      ["with a control character above ASCII", latin1("\u0085"), "%C2%85"],
      ["in latin1", "\xfc", "%FC"],
      ["of which only a part is UTF-8", `${latin1("ü")}\xff`, "%C3%BC%FF"],
      ["with a byte order mark", latin1("\ufeffa"), "\ufeffa"],
    ])("%s stands in a manifest, and can be read back", (_, bytes, text) => {
      expect(encodeBytes(bytes)).toBe(text);
      expect(decodeBytes(text)).toBe(bytes);
      expect(pathBytes(text)).toBe(bytes);
    });

    test("of any two bytes is as good as another, and no two become one", () => {
      const seen = new Map<string, string>();
      for (let first = 1; first < 256; first += 1) {
        for (let second = 1; second < 256; second += 1) {
          const bytes = String.fromCharCode(first, second);
          const text = encodeBytes(bytes);
          if (decodeBytes(text) !== bytes || pathBytes(text) !== bytes || seen.has(text)) {
            throw new Error(`${JSON.stringify(bytes)} became ${text}`);
          }
          seen.set(text, bytes);
        }
      }
      expect(seen.size).toBe(255 * 255);
    });
  });
});

import { randomBytes, randomInt } from "node:crypto";
import { describe, expect, test } from "vitest";
import { TextSearch } from "./textSearch";

function search(texts: readonly (string | Buffer)[], parts: readonly (string | Buffer)[]) {
  const running = new TextSearch(texts.map((text) => Buffer.from(text))).start();
  for (const part of parts) running.push(Buffer.from(part));
  return [...running.found].sort((a, b) => a - b);
}

describe("TextSearch", () => {
  const TEXTS = ["needle", "need", "a much longer needle than the others", "absent"];

  test("finds every text, one within another and at both ends", () => {
    expect(search(TEXTS, ["needle in a haystack"])).toEqual([0, 1]);
    expect(search(TEXTS, ["a haystack with a need"])).toEqual([1]);
    expect(search(TEXTS, ["a much longer needle than the others"])).toEqual([0, 1, 2]);
    expect(search(TEXTS, ["nothing", "", "nee", "le"])).toEqual([]);
  });

  test("finds a text wherever the stream is cut", () => {
    const content = "there is a much longer needle than the others in here";
    for (let size = 1; size <= content.length; size += 1) {
      const parts = content.match(new RegExp(`.{1,${size}}`, "g")) as string[];
      expect(search(TEXTS, parts), `parts of ${size}`).toEqual([0, 1, 2]);
    }
  });

  test("is not fooled by a sender that uses its memory again", () => {
    const running = new TextSearch([Buffer.from("needle")]).start();
    const memory = Buffer.from("...nee");
    running.push(memory);
    memory.write("dle...");
    running.push(memory);
    expect([...running.found]).toEqual([0]);
  });

  test("counts the bytes", () => {
    const running = new TextSearch([Buffer.from("needle")]).start();
    running.push(Buffer.from("12345"));
    running.push(Buffer.from("678"));
    expect(running.bytes).toBe(8);
  });

  test("finds texts longer than the largest shift", () => {
    const long = [randomBytes(1000), randomBytes(700)];
    const parts = [randomBytes(3000), ...long, randomBytes(10)];
    expect(search(long, parts)).toEqual([0, 1]);
    expect(search(long, parts.slice(0, 2))).toEqual([0]);
  });

  test("agrees with a plain search on random bytes of few values", () => {
    for (let round = 0; round < 60; round += 1) {
      const bytes = (length: number) => Buffer.from(randomBytes(length).map((byte) => byte % 3));
      const texts = Array.from({ length: 20 }, () => bytes(randomInt(3, 12)));
      const content = bytes(randomInt(0, 400));
      const cut = randomInt(0, content.length + 1);
      const expected = texts.flatMap((text, index) => (content.includes(text) ? [index] : []));
      expect(search(texts, [content.subarray(0, cut), content.subarray(cut)])).toEqual(expected);
    }
  });

  test("refuses a text that is too short, and to search for nothing", () => {
    expect(() => search(["ab"], [])).toThrow("too short");
    expect(() => search([], [])).toThrow("too short");
  });
});

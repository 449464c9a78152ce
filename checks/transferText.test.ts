import { describe, expect, test } from "vitest";
import { bytesText, type Room, roomProblem, workText } from "./transferText";

test.each([
  [0, "0 B"],
  [1023, "1023 B"],
  [1024, "1.0 KiB"],
  [1.5 * 1024 ** 2, "1.5 MiB"],
  [2048 * 1024 ** 4, "2048.0 TiB"],
])("%d bytes are %s", (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});

describe("work under way", () => {
  test("has bytes, files, rate and time left", () => {
    const done = { bytes: 1024 ** 3, files: 5, fraction: 0.25, elapsed: 10_000 };
    expect(workText(done)).toBe("1.0 GiB, 5 files, 102.4 MiB/s, 30 s left");
  });

  test("has no files where nobody counts them", () => {
    expect(workText({ bytes: 1024, elapsed: 1000 })).toBe("1.0 KiB, 1.0 KiB/s");
  });

  test("promises no time while nothing is known", () => {
    expect(workText({ bytes: 0, files: 0, elapsed: 0 })).toBe("0 B, 0 files");
    const unknown = { bytes: 10, files: 1, fraction: 0, elapsed: 1000 };
    expect(workText(unknown)).toBe("10 B, 1 files, 10 B/s");
  });
});

describe("room", () => {
  const room = (needed: Partial<Room["needed"]>, free: Partial<Room["free"]> = {}): Room => ({
    needed: { bytes: 100, files: 10, ...needed },
    free: { bytes: 100, files: 10, ...free },
    size: 1000,
  });

  test("that just suffices is enough", () => {
    expect(roomProblem(room({}))).toBeUndefined();
    expect(roomProblem(room({ contents: 1000 }))).toBeUndefined();
    expect(roomProblem(room({ files: 99 }, { files: undefined }))).toBeUndefined();
  });

  test.each([
    ["bytes", room({ bytes: 101 }), "100 B free, and the data needs 101 B"],
    ["files", room({ files: 11 }), "room for 10 more files, and the data has 11"],
    ["a bomb", room({ contents: 1001 }), "more than the target's whole disk"],
  ])("that is missing is told: %s", (_, given, message) => {
    expect(roomProblem(given)).toContain(message);
  });
});

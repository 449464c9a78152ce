import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

describe("progress", async () => {
  const { createProgress, formatBytes, formatElapsed } = await import("./progress.mjs");

  test.each([
    [0, "0.0 s"],
    [0.449, "0.4 s"],
    [9.94, "9.9 s"],
    [9.96, "10 s"],
    [59.6, "1 min 00 s"],
    [185, "3 min 05 s"],
    [3599.6, "1 h 00 min"],
    [7380, "2 h 03 min"],
  ])("%d s is shown as %s", (seconds, text) => {
    expect(formatElapsed(seconds)).toBe(text);
  });

  test.each([
    [0, "0 B"],
    [999, "999 B"],
    [1500, "1.5 kB"],
    [999_600, "1 MB"],
    [81_000_000, "81 MB"],
    [1_500_000_000, "1.5 GB"],
    [123_000_000_000, "123 GB"],
  ])("%d bytes are shown as %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  describe("over time", () => {
    beforeEach(() => {
      vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "Date"] });
    });
    afterEach(() => {
      vi.useRealTimers();
    });
    const record = (isTerminal: boolean, columns = 80) => {
      let text = "";
      const stream = { write: (piece: string) => (text += piece) };
      return { progress: createProgress({ stream, isTerminal, columns }), text: () => text };
    };

    test("without a terminal: a line at the start, every 30 s and at the end", () => {
      const { progress, text } = record(false);
      progress.start("engine");
      progress.detail("docker plugin");
      vi.advanceTimersByTime(65_000);
      progress.note("a line that stays");
      progress.finish("done");
      vi.advanceTimersByTime(65_000);
      expect(text().split("\n")).toEqual([
        "engine ...",
        "engine: still at it, 30 s  docker plugin",
        "engine: still at it, 1 min 00 s  docker plugin",
        "a line that stays",
        "engine: done, 1 min 05 s",
        "",
      ]);
    });

    test("on a terminal: one line drawn over itself, never wider than the terminal", () => {
      const { progress, text } = record(true, 20);
      progress.start("engine");
      progress.detail("a very long detail that would wrap");
      vi.advanceTimersByTime(1000);
      const frames = text().split("\r\u001b[K").slice(1);
      expect(frames).toHaveLength(6);
      expect(frames.at(-1)).toBe("- engine 1.0 s  a ve".slice(0, 19));
      expect(text()).not.toContain("\n");
      progress.finish("done");
      expect(text().endsWith("\r\u001b[Kengine: done, 1.0 s\n")).toBe(true);
    });
  });
});

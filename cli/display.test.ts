import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Display } from "./display";

const ERASE = "\r\u001b[K";
let written: string[];
const target = (isTTY: boolean, columns = 80) => ({
  isTTY,
  columns,
  write: (text: string) => written.push(text),
});

beforeEach(() => {
  written = [];
  vi.useFakeTimers();
});
afterEach(() => vi.useRealTimers());

describe("Display on a terminal", () => {
  it("keeps one live line below the finished ones and takes it away", () => {
    const display = new Display(target(true));
    display.enter("applying", () => "1/2 done");
    vi.advanceTimersByTime(1_000);
    display.line("created Network a");
    display.stop();
    expect(written[0]).toBe(`${ERASE}applying: 1/2 done, 0 s`);
    expect(written).toContain(`${ERASE}applying: 1/2 done, 1 s`);
    expect(written.slice(-4)).toEqual([
      ERASE,
      "created Network a\n",
      `${ERASE}applying: 1/2 done, 1 s`,
      ERASE,
    ]);
    const count = written.length;
    vi.advanceTimersByTime(60_000);
    expect(written).toHaveLength(count);
  });

  it("never writes a line that wraps", () => {
    new Display(target(true, 30)).enter("applying", () => "x".repeat(100));
    expect(written[0]).toBe(`${ERASE}applying: ${"x".repeat(19)}`);
  });
});

describe("Display elsewhere", () => {
  it("writes plain lines and a sign of life when nothing else comes", () => {
    const display = new Display(target(false));
    display.enter("applying", () => "1/2 done");
    vi.advanceTimersByTime(29_000);
    display.line("created Network a");
    vi.advanceTimersByTime(29_000);
    expect(written).toEqual(["applying ...\n", "created Network a\n"]);
    vi.advanceTimersByTime(2_000);
    expect(written[2]).toMatch(/^applying: 1\/2 done, \d+ s\n$/);
    display.stop();
    expect(written.join("")).not.toContain("\u001b");
  });
});

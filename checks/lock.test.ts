import { describe, expect, it } from "vitest";
import { formatDuration, judgeLock, parseLock } from "./lock";

const written =
  '{"pid":4711,"username":"ada","hostname":"forge","timestamp":"2026-03-01T10:00:00Z"}';
const since = Date.parse("2026-03-01T10:00:00Z");
const now = since + 7 * 60_000;

describe("parseLock", () => {
  it("reads what the backend writes, with nanoseconds and a zone", () => {
    const text =
      '{"pid":12,"username":"root","hostname":"h","timestamp":"2026-03-01T11:00:00.123456789+01:00"}';
    expect(parseLock(text)).toEqual({
      pid: 12,
      username: "root",
      hostname: "h",
      since: since + 123,
    });
  });

  it.each([
    ["zero bytes", ""],
    ["cut off", written.slice(0, 30)],
    ["null", "null"],
    ["a list", "[]"],
    ["no pid", '{"username":"a","hostname":"h","timestamp":"2026-03-01T10:00:00Z"}'],
    ["pid 0", '{"pid":0,"username":"a","hostname":"h","timestamp":"2026-03-01T10:00:00Z"}'],
    ["pid as text", '{"pid":"1","username":"a","hostname":"h","timestamp":"2026-03-01T10:00:00Z"}'],
    ["no time", '{"pid":1,"username":"a","hostname":"h"}'],
    ["bad time", '{"pid":1,"username":"a","hostname":"h","timestamp":"yesterday"}'],
  ])("refuses %s", (_name, text) => {
    expect(parseLock(text)).toBeUndefined();
  });
});

describe("judgeLock", () => {
  const lock = parseLock(written);

  it("calls the lock of a process that is gone stale", () => {
    expect(judgeLock(lock, { hostname: "forge", process: undefined }, now)).toEqual({
      kind: "stale",
      reason: "pid 4711 of ada@forge, which began 7 min ago, is no longer running",
    });
  });

  it("names a running process and for how long it has run", () => {
    const process = { startedAt: since - 800, command: "pulumi" };
    expect(judgeLock(lock, { hostname: "forge", process }, now)).toEqual({
      kind: "live",
      pid: 4711,
      reason: "pid 4711 of ada@forge (pulumi) has been running for 7 min",
    });
  });

  it("takes a process of unknown age for the holder: a live lock is never cleared", () => {
    expect(judgeLock(lock, { hostname: "forge", process: {} }, now).kind).toBe("live");
  });

  it.each([
    [since + 4_000, "live"],
    [since + 6_000, "stale"],
  ])("sees by its start at %d whether the pid was given to another process", (startedAt, kind) => {
    const process = { startedAt, command: "nginx" };
    expect(judgeLock(lock, { hostname: "forge", process }, now).kind).toBe(kind);
  });

  it("never judges a process of another host by a pid of this one", () => {
    const judgement = judgeLock(lock, { hostname: "anvil", process: undefined }, now);
    expect(judgement.kind).toBe("foreign");
    expect(judgement.reason).toContain("ada@forge, another host (this one is anvil)");
  });

  it("calls an unreadable lock damaged", () => {
    expect(judgeLock(undefined, { hostname: "forge", process: undefined }, now).kind).toBe(
      "damaged",
    );
  });
});

describe("formatDuration", () => {
  it.each([
    [-5, "0 s"],
    [42_400, "42 s"],
    [119_000, "119 s"],
    [120_000, "2 min"],
    [3 * 3_600_000 + 5 * 60_000, "3 h 5 min"],
    [52 * 3_600_000, "2 d 4 h"],
  ])("%d ms is %s", (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });
});

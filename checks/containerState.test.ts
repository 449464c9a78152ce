import { describe, expect, test } from "vitest";
import { type Inspected, judgeState } from "./containerState";

function inspected(state: Partial<Inspected["State"]> = {}, RestartCount = 0): Inspected {
  const State = {
    Status: "running",
    OOMKilled: false,
    ExitCode: 0,
    StartedAt: "2026-01-01T00:00:00Z",
    Health: { Status: "healthy" },
    ...state,
  };
  return { State, RestartCount };
}

test("a container that runs and is healthy serves, however often it was started before", () => {
  expect(judgeState(inspected({}, 3))).toEqual({
    kind: "healthy",
    evidence: "running and healthy",
  });
});

test("one in which a process was killed before it was started again serves", () => {
  const again = { OOMKilled: true, FinishedAt: "2025-12-31T23:59:59Z" };
  expect(judgeState(inspected(again)).kind).toBe("healthy");
  const { kind, evidence } = judgeState(inspected(again), inspected());
  expect([kind, evidence]).toEqual(["failed", expect.stringContaining("memory limit")]);
  expect(judgeState(inspected({ ...again, FinishedAt: "0001-01-01T00:00:00Z" })).kind).toBe(
    "failed",
  );
});

test("one whose check has not passed may still come to it", () => {
  expect(judgeState(inspected({ Health: { Status: "starting" } })).kind).toBe("starting");
});

describe("it will not", () => {
  const { Health: _, ...withoutCheck } = inspected().State;
  test.each<[string, Inspected, string]>([
    ["ended", inspected({ Status: "exited", ExitCode: 3 }), "it is exited, with code 3"],
    [
      "ended by the memory limit",
      inspected({ Status: "exited", ExitCode: 137, OOMKilled: true }),
      "it is exited, with code 137: a process in it was killed because the memory limit was reached",
    ],
    [
      "runs on after a process was killed",
      inspected({ OOMKilled: true }),
      "a process in it was killed because the memory limit was reached",
    ],
    [
      "is between two starts",
      inspected({ Status: "restarting", ExitCode: 3 }, 2),
      "it ended with code 3 and is started again and again",
    ],
    ["was not started", inspected({ Status: "created" }), "it was never started"],
    ["is paused", inspected({ Status: "paused" }), "it is paused"],
    ["is dead", inspected({ Status: "dead", ExitCode: 1 }), "it is dead, with code 1"],
    ["has no check", { State: withoutCheck, RestartCount: 0 }, "it has no health check"],
    ["has its check off", inspected({ Health: { Status: "none" } }), "it has no health check"],
    [
      "is unhealthy",
      inspected({
        Health: { Status: "unhealthy", Log: [{ Output: "one" }, { Output: "two\n" }] },
      }),
      "it is unhealthy: two",
    ],
    [
      "is unhealthy without a word",
      inspected({ Health: { Status: "unhealthy", Log: null } }),
      "it is unhealthy: its check says nothing",
    ],
  ])("when it %s", (_title, info, evidence) => {
    expect(judgeState(info)).toEqual({ kind: "failed", evidence });
  });

  test.each([
    ["by the engine", inspected({}, 1)],
    ["by somebody", inspected({ StartedAt: "2026-01-01T00:00:09Z" })],
  ])("when it was started again %s since the first look", (_title, info) => {
    expect(judgeState(info, inspected())).toEqual({
      kind: "failed",
      evidence: "it ended and was started again",
    });
  });
});

import { describe, expect, it } from "vitest";
import { type FailedRun, failureOf } from "./engineFailure";

const run = (given: Partial<FailedRun> & { stderr?: string } = {}): FailedRun => ({
  purpose: "up",
  stack: "dev",
  error: { result: { stdout: "", stderr: given.stderr ?? "", code: 255 }, signal: undefined },
  messages: [],
  interrupted: false,
  ...given,
});

describe("failureOf", () => {
  it.each([
    [
      "locked",
      {
        stderr:
          "error: the stack is currently locked by 1 lock(s). Either wait\n  file: created by",
      },
    ],
    ["passphrase", { stderr: "error: getting secrets manager: incorrect passphrase" }],
    ["engine", { messages: ["no resource plugin 'docker' found in the workspace"] }],
    ["configuration", { messages: ["Invalid configuration: a: missing"] }],
    ["preflight", { messages: ["dev cannot be brought up on this host:\n  - port 1"] }],
    ["update", { messages: ["Unable to start container"] }],
    ["update", { stderr: "" }],
    ["interrupted", { interrupted: true, messages: ["operation canceled"] }],
  ])("knows %s", (kind, given) => {
    expect(failureOf(run(given)).kind).toBe(kind);
  });

  it("lists what failed, what the events say before what standard error says", () => {
    const failure = failureOf(run({ messages: ["a", "b"], stderr: "error: c" }));
    expect(failure.message).toBe(
      "dev was not brought up completely:\n  - a\n  - b\nFix: set right what it names and run npx doom up dev: what was finished stays",
    );
    expect(failureOf(run({ stderr: "error: c" })).problems).toEqual(["c"]);
    expect(failureOf(run()).problems).toEqual(["the engine ended with code 255"]);
  });

  it("says that a killed engine can be run again", () => {
    const error = { result: { stdout: "", stderr: "", code: -1 }, signal: "SIGKILL" as const };
    expect(failureOf(run({ error, purpose: "down" })).message).toBe(
      "The engine was ended by SIGKILL during this run.\nFix: run npx doom down dev: it sets right what was left half way",
    );
  });

  it("names the command that goes on with what was cut off", () => {
    const fixes = (["up", "down", "passphrase"] as const).map(
      (purpose) => failureOf(run({ interrupted: true, purpose })).fix,
    );
    expect(fixes).toEqual([
      "npx doom up dev goes on from there",
      "npx doom down dev goes on from there",
      "npx doom secrets passphrase dev goes on from there",
    ]);
  });

  it("promises nothing but the truth about an interrupted preview", () => {
    for (const purpose of ["preview", "configure"] as const) {
      expect(failureOf(run({ interrupted: true, purpose })).message).toBe(
        "Interrupted; nothing was changed.",
      );
    }
  });
});

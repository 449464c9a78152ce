import { describe, expect, it } from "vitest";
import { ConfigError } from "../config/errors";
import { Failure } from "../operations/failure";
import { EXIT_CODES, exitCodeTable } from "./exitCodes";
import { classify, describeError, errorDocument } from "./output";

const failure = new Failure("preflight", "dev cannot be brought up:", {
  problems: ["port 1", "two\nlines"],
  fix: "do it",
});

describe("errors for people", () => {
  it("shows what, details and fix, without a stack trace", () => {
    expect(describeError(failure)).toBe(
      "error: dev cannot be brought up:\n  - port 1\n  - two\n    lines\nFix: do it",
    );
    expect(describeError(new ConfigError(["a: missing"]))).toBe(
      "error: Invalid configuration: a: missing",
    );
  });

  it("asks to report a defect, with its stack trace", () => {
    expect(describeError(new TypeError("x is undefined"))).toMatch(
      /^error: this is a defect in doom, please report it: TypeError: x is undefined\n\s+at /,
    );
    expect(describeError("thrown text")).toContain("thrown text");
  });
});

describe("errors for programs", () => {
  it("holds kind, exit code, problems and fix", () => {
    expect(errorDocument("up", "dev", failure)).toEqual({
      command: "up",
      stack: "dev",
      result: "failed",
      exitCode: 6,
      error: {
        kind: "preflight",
        message: "dev cannot be brought up:",
        problems: ["port 1", "two\nlines"],
        fix: "do it",
      },
    });
  });

  it("keeps the problems of a configuration apart", () => {
    expect(errorDocument("init", undefined, new ConfigError(["a", "b"]))).toEqual({
      command: "init",
      result: "failed",
      exitCode: 3,
      error: {
        kind: "configuration",
        message: "Invalid configuration, 2 problems:",
        problems: ["a", "b"],
      },
    });
  });

  it("takes everything else for a defect", () => {
    expect(classify(new Error("x"))).toEqual({ kind: "internal", exitCode: 1 });
  });
});

describe("exit codes", () => {
  it("are different from each other and from success, defects and the shell's own", () => {
    const codes = Object.values(EXIT_CODES);
    expect(new Set([0, 1, 126, 127, ...codes]).size).toBe(codes.length + 4);
  });

  it("all stand in the help", () => {
    for (const code of Object.values(EXIT_CODES)) {
      expect(exitCodeTable()).toMatch(new RegExp(`^  ${code} `, "m"));
    }
  });
});

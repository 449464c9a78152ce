import { describe, expect, test } from "vitest";
import { Failure } from "../../operations/failure";
import { endingOf } from "./promote";

describe("how a promotion ended that did not succeed", () => {
  test.each<[string, Error, string, string]>([
    ["by the user", new Failure("interrupted", "Interrupted."), "interrupted", "Interrupted."],
    ["by a gate", new Failure("update", "It was taken back."), "failed", "It was taken back."],
    ["by a defect", new TypeError("x is not y"), "failed", "x is not y"],
  ])("%s", (_, error, result, because) => {
    expect(endingOf(error)).toEqual({ result, because });
  });
});

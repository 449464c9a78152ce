import { describe, expect, it } from "vitest";
import { passphraseProblem, remainingWork } from "./passphraseChange";

describe("remainingWork", () => {
  it.each([
    ["old", "old", "switch"],
    ["new", "old", "switch"],
    ["old", "new", "switch"],
    ["new", "new", "finish"],
    ["other", "old", "stale"],
    ["old", "other", "stale"],
    ["other", "other", "stale"],
    ["new", "other", "conflict"],
    ["other", "new", "conflict"],
  ] as const)("with the state %s and the file %s: %s", (state, file, work) => {
    expect(remainingWork(state, file)).toBe(work);
  });
});

describe("passphraseProblem", () => {
  it.each(["correct horse battery", "\u{1f511}".repeat(16), "$HOME `id` \"'\\ #"])(
    "takes %j",
    (passphrase) => expect(passphraseProblem(passphrase)).toBeUndefined(),
  );

  it.each([
    ["", "is empty or blank"],
    ["                    ", "is empty or blank"],
    [" correct horse battery", "begins or ends with white space, which Pulumi cuts off"],
    ["correct horse battery\t", "begins or ends with white space, which Pulumi cuts off"],
    [
      "correct horse\nbattery staple",
      "holds a line break, a control character or bytes that are not UTF-8",
    ],
    ["fifteen letters", "is shorter than 16 characters"],
    ["\u{1f511}".repeat(15), "is shorter than 16 characters"],
  ])("refuses %j", (passphrase, problem) => expect(passphraseProblem(passphrase)).toBe(problem));
});

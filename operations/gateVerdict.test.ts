import { describe, expect, test } from "vitest";
import { Deadline, Verdicts } from "./gateVerdict";

const SECRET = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA";

describe("verdicts", () => {
  test("say what was seen and what was missed, and give what was found", async () => {
    const verdicts = new Verdicts([]);
    expect(await verdicts.run("one", async () => ({ evidence: "fine", value: 7 }))).toBe(7);
    expect(verdicts.passed).toBe(true);
    const found = await verdicts.run("two", () => Promise.reject(new Error("broken\nin two")));
    expect(found).toBeUndefined();
    verdicts.skip(["three"], "two failed");
    expect(verdicts.passed).toBe(false);
    expect(verdicts.checks).toEqual([
      { name: "one", passed: true, evidence: "fine", milliseconds: expect.any(Number) },
      { name: "two", passed: false, evidence: "broken in two", milliseconds: expect.any(Number) },
      {
        name: "three",
        passed: false,
        evidence: "not asked, because two failed",
        milliseconds: 0,
      },
    ]);
  });

  test("repeat no secret", async () => {
    const verdicts = new Verdicts([SECRET]);
    await verdicts.run("seen", async () => ({ evidence: `cookie ${SECRET}` }));
    await verdicts.run("missed", () => Promise.reject(new Error(encodeURIComponent(SECRET))));
    expect(verdicts.checks.map(({ evidence }) => evidence)).toEqual(
      Array(2).fill("(a line that looks like a secret, not shown)"),
    );
  });
});

describe("a deadline", () => {
  test("gives each step no more than is left", () => {
    const deadline = new Deadline(60);
    expect(deadline.isOver).toBe(false);
    expect(deadline.left(10)).toBe(10);
    expect(deadline.left(100_000)).toBeLessThanOrEqual(60_000);
  });

  test("that is over gives none", () => {
    const deadline = new Deadline(0);
    expect(deadline.isOver).toBe(true);
    expect(() => deadline.left(10)).toThrow("the time for all checks, 0 s, is over");
  });
});

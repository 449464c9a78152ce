import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

describe("runner of steps", async () => {
  const { runSteps, StepFailed } = await import("./stepRunner.mjs");
  const { SetupError } = await import("./step.mjs");
  const { CommandFailed } = await import("./command.mjs");
  const { createContext } = await import("./context.mjs");
  const { acquireLock } = await import("./lock.mjs");
  let folder = "";
  let lines: string[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "setup-runner-"));
    lines = [];
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const options = () => ({
    context: createContext({ pulumiHome: folder }),
    progress: {
      start: (title: string) => lines.push(`start ${title}`),
      detail: () => undefined,
      note: (line: string) => lines.push(line),
      finish: (outcome: string) => lines.push(outcome),
    },
    lockFiles: { project: join(folder, "p"), home: join(folder, "h"), machine: join(folder, "m") },
    onLock: () => undefined,
    log: () => undefined,
  });

  /** A step whose part is healthy once it ran (or never, when `run` does not say so). */
  function step(name: string, run: (done: () => void) => Promise<void> | void, done = false) {
    let healthy = done;
    const state = { looks: 0, runs: 0 };
    return {
      state,
      name,
      title: `the ${name}`,
      scope: "home" as const,
      disk: () => [] as { folder: string; bytes: number; purpose: string }[],
      check: async () => {
        state.looks += 1;
        return [
          healthy
            ? { name, healthy }
            : { name, healthy, problem: "it is not there", advice: "make it" },
        ];
      },
      run: async () => {
        state.runs += 1;
        await run(() => {
          healthy = true;
        });
      },
    };
  }

  test("when all is done, it looks once, runs nothing and writes nothing", async () => {
    const steps = [step("a", () => undefined, true), step("b", () => undefined, true)];
    expect(await runSteps(steps, options())).toEqual([]);
    expect(steps.map(({ state }) => state)).toEqual([
      { looks: 1, runs: 0 },
      { looks: 1, runs: 0 },
    ]);
    expect(lines).toEqual([]);
    expect(existsSync(join(folder, "h"))).toBe(false);
  });

  test("runs what is missing, in order, and only that", async () => {
    const steps = [
      step("a", (done) => done()),
      step("b", () => undefined, true),
      step("c", (done) => done()),
    ];
    expect(await runSteps(steps, options())).toEqual(["a", "c"]);
    expect(lines).toEqual(["start the a", "done", "start the c", "done"]);
  });

  test("a part that is healthy but due is renewed, and the step then counts as done", async () => {
    const due = step("engine", (done) => done(), true);
    const check = async () => [{ name: "engine", healthy: true, due: "asks again today" }];
    expect(await runSteps([{ ...due, check }], options())).toEqual(["engine"]);
    expect(due.state.runs).toBe(1);
  });

  test("a check that stumbles is a finding: the step runs, and its failure is told", async () => {
    const blind = {
      ...step("a", () => undefined),
      check: async () => {
        throw new Error("EACCES: permission denied");
      },
    };
    const failure = await runSteps([blind], options()).catch((error) => error);
    expect(failure.message).toContain("a: cannot be looked at: EACCES: permission denied");
    expect(blind.state.runs).toBe(1);
  });

  test("an optional part that is missing does not make the step run", async () => {
    const part = { name: "go", healthy: false, optional: true, problem: "none" };
    const optional = { ...step("a", () => undefined), check: async () => [part] };
    expect(await runSteps([optional], options())).toEqual([]);
  });

  test("a failing step stops the rest, holds its last lines and advice, and gives the lock back", async () => {
    const failing = step("b", () => {
      throw new CommandFailed("npm ci", "ended with code 1", ["npm error network"]);
    });
    const after = step("c", (done) => done());
    const failure = await runSteps([failing, after], options()).catch((error) => error);
    expect(failure).toBeInstanceOf(StepFailed);
    expect(failure.message).toMatch(/^step "b" failed after 0\.\d s: `npm ci` ended with code 1$/);
    expect(failure.output).toEqual(["npm error network"]);
    expect(failure.advice).toContain("run the same command again");
    expect(after.state.runs).toBe(0);
    expect(lines).toEqual(["start the b", "failed"]);
    expect(existsSync(join(folder, "h"))).toBe(false);
  });

  test("a step that ends without an error but without its result has failed", async () => {
    const failure = await runSteps([step("a", () => undefined)], options()).catch((error) => error);
    expect(failure.message).toContain("a: it is not there");
    expect(failure.advice).toBe("make it");
  });

  test("advice of a foreseen failure is passed on; an unforeseen one shows where it happened", async () => {
    const foreseen = step("a", () => {
      throw new SetupError("no Go", "install Go");
    });
    expect(await runSteps([foreseen], options()).catch((error) => error.advice)).toBe("install Go");
    const unforeseen = step("a", () => {
      throw new TypeError("x is not a function");
    });
    const failure = await runSteps([unforeseen], options()).catch((error) => error);
    expect(failure.output.join("\n")).toContain("stepRunner.test.ts");
  });

  test.each([
    ["EACCES", "let this user write to /there, or run as the user to whom it belongs"],
    ["ENOSPC", "free some disk space for /there, then run the same command again"],
  ])("%s from the file system comes with advice, not with a stack", async (code, advice) => {
    const denied = step("a", () => {
      throw Object.assign(new Error(`${code}: open '/there'`), { code, path: "/there" });
    });
    const failure = await runSteps([denied], options()).catch((error) => error);
    expect({ advice: failure.advice, output: failure.output }).toEqual({ advice, output: [] });
  });

  test("too little disk stops a step before it begins", async () => {
    const heavy = step("a", (done) => done());
    const bytes = 1e18;
    const failure = await runSteps(
      [{ ...heavy, disk: () => [{ folder, bytes, purpose: "everything" }] }],
      options(),
    ).catch((error) => error);
    expect(failure.message).toContain(`not enough disk space: ${folder} (everything`);
    expect(heavy.state.runs).toBe(0);
  });

  test("what another set-up did while this one waited is not done twice", async () => {
    const lock = await acquireLock(join(folder, "h"), { purpose: "/other" });
    let healthy = false;
    const shared = {
      ...step("a", () => undefined),
      check: async () => [{ name: "a", healthy, problem: "missing", advice: "" }],
    };
    const running = runSteps([shared], options());
    await expect
      .poll(() => lines.join("\n"), { timeout: 4000 })
      .toContain("waits for the set-up of process");
    healthy = true;
    await lock.release();
    expect(await running).toEqual([]);
    expect(lines.at(-1)).toBe("done by another set-up");
    expect(shared.state.runs).toBe(0);
  });
});

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const here = (name: string) => pathToFileURL(join(__dirname, name)).href;

describe("commands of the set-up", { timeout: 60_000 }, async () => {
  const { capture, createRunner, findOnPath } = await import("./command.mjs");
  const { SetupLog } = await import("./setupLog.mjs");
  let folder = "";
  let controller = new AbortController();
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "setup-command-"));
    controller = new AbortController();
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const log = () => new SetupLog(join(folder, "setup.log"));
  const runner = () =>
    createRunner({ log: log(), lock: () => undefined, signal: controller.signal });
  const ticks = () => {
    const file = join(folder, "ticks");
    return existsSync(file) ? readFileSync(file, "utf8").length : 0;
  };
  /** A command with a child of its own, which adds to a file as long as it lives. */
  const ticker = () => [
    "-c",
    `sh -c 'while :; do printf x >> ${folder}/ticks; sleep 0.05; done'; true`,
  ];
  const isTicking = async () => {
    const before = ticks();
    await sleep(400);
    return ticks() > before;
  };

  test("its output is in the log, and a failure holds its beginning and its end", async () => {
    const run = runner();
    const line = (first: number, last: number) =>
      Array.from({ length: last - first + 1 }, (_, index) => `line ${first + index}`);
    await run("sh", ["-c", "echo fine"]);
    await expect(run("sh", ["-c", "echo short; exit 1"])).rejects.toMatchObject({
      output: ["short"],
    });
    const failing = run("sh", [
      "-c",
      "for i in $(seq 30); do echo line $i; done; echo bad >&2; exit 3",
    ]);
    await expect(failing).rejects.toMatchObject({
      message: expect.stringMatching(/ ended with code 3$/),
      output: [...line(1, 6), "...", ...line(14, 30), "bad"],
    });
    expect(readFileSync(join(folder, "setup.log"), "utf8")).toMatch(/\$ sh -c echo fine\nfine\n/);
  });

  test("a command that does not exist says so", async () => {
    await expect(runner()("no-such-command-here", [])).rejects.toMatchObject({
      message: "`no-such-command-here` ended with code 127",
      output: [expect.stringContaining("ENOENT")],
    });
  });

  test("one that takes too long is ended with its children", async () => {
    // Long enough for a busy machine to start it.
    const run = runner()("sh", ticker(), { timeoutSeconds: 3 });
    await expect(run).rejects.toThrow("did not end within 3 s");
    expect(ticks()).toBeGreaterThan(0);
    expect(await isTicking()).toBe(false);
  });

  test("an interruption ends it with its children", async () => {
    const run = runner()("sh", ticker());
    await expect.poll(ticks, { timeout: 30_000 }).toBeGreaterThan(0);
    controller.abort(new Error("interrupted by SIGINT"));
    await expect(run).rejects.toThrow("interrupted by SIGINT");
    expect(await isTicking()).toBe(false);
  });

  /** A set-up in a process of its own, which runs the ticker under a lock and is then killed. */
  async function killSetup(finish: boolean) {
    const text = `
      import { createRunner } from ${JSON.stringify(here("command.mjs"))};
      import { acquireLock } from ${JSON.stringify(here("lock.mjs"))};
      import { SetupLog } from ${JSON.stringify(here("setupLog.mjs"))};
      const lock = await acquireLock(${JSON.stringify(join(folder, "lock"))}, { purpose: "x" });
      const log = new SetupLog(${JSON.stringify(join(folder, "setup.log"))});
      const run = createRunner({ log, lock: () => lock, signal: new AbortController().signal });
      await run("sh", ${JSON.stringify(ticker())}, { finish: ${finish} });`;
    const setup = spawn(process.execPath, ["--input-type=module", "--eval", text]);
    await expect.poll(ticks, { timeout: 30_000 }).toBeGreaterThan(0);
    const record = JSON.parse(readFileSync(join(folder, "lock"), "utf8"));
    setup.kill("SIGKILL");
    await once(setup, "exit");
    return record.guards as { pid: number }[];
  }

  test("a set-up killed with SIGKILL takes its command along", async () => {
    const guards = await killSetup(false);
    expect(guards).toHaveLength(1);
    await expect.poll(isTicking, { timeout: 30_000 }).toBe(false);
  });

  test("a command that must finish goes on, and stands in the lock until it ends", async () => {
    const { acquireLock } = await import("./lock.mjs");
    const [guard] = await killSetup(true);
    expect(await isTicking()).toBe(true);
    const waiting = acquireLock(join(folder, "lock"), { purpose: "next", pollMilliseconds: 20 });
    expect(await Promise.race([waiting, sleep(300, "still waiting")])).toBe("still waiting");
    process.kill(guard?.pid ?? 0, "SIGTERM");
    await (await waiting).release();
    expect(await isTicking()).toBe(false);
  });

  test("looking at a command that hangs is bounded", async () => {
    const answer = await capture("sleep", ["60"], { timeoutSeconds: 0.3 });
    expect(answer).toEqual({ ok: false, stdout: "", message: "no answer within 0.3 s" });
  });

  test("finds what the shell would find: an executable file, in the order of PATH", () => {
    for (const name of ["one", "two"]) mkdirSync(join(folder, name));
    writeFileSync(join(folder, "one/tool"), "not executable");
    writeFileSync(join(folder, "two/tool"), "", { mode: 0o755 });
    const env = { PATH: ["relative", join(folder, "one"), join(folder, "two")].join(":") };
    expect(findOnPath("tool", env)).toBe(join(folder, "two/tool"));
    expect(findOnPath("two", { PATH: folder })).toBeUndefined();
    expect(findOnPath("tool", env, (path) => path.endsWith("two"))).toBeUndefined();
    expect(findOnPath("tool", {})).toBeUndefined();
  });
});

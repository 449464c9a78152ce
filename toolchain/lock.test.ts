import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const LOCK_MODULE = pathToFileURL(join(__dirname, "lock.mjs")).href;

describe("lock", { timeout: 60_000 }, async () => {
  const { acquireLock } = await import("./lock.mjs");
  const { identifyProcess, isAlive } = await import("./processes.mjs");
  let folder = "";
  let file = "";
  let children: ChildProcess[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "setup-lock-"));
    file = join(folder, "deep", "setup.lock");
    children = [];
  });
  afterEach(() => {
    for (const child of children) child.kill("SIGKILL");
    rmSync(folder, { recursive: true });
  });

  /** Runs a script in a process of its own, with `acquireLock` and the lock's `file` at hand. */
  function script(body: string): ChildProcess {
    const text = `import { acquireLock } from ${JSON.stringify(LOCK_MODULE)};
      import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
      const file = ${JSON.stringify(file)}, folder = ${JSON.stringify(folder)};
      ${body}`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", text], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(child);
    return child;
  }

  /** Starts a process that takes the lock and keeps it. */
  async function startHolder(): Promise<ChildProcess> {
    const child = script(`await acquireLock(file, { purpose: "/elsewhere" });
      process.stdout.write("held"); setInterval(() => {}, 1000);`);
    await once(child.stdout as NodeJS.ReadableStream, "data");
    return child;
  }

  const options = { purpose: "/here", pollMilliseconds: 20 };

  test("is free again after its release, and leaves nothing behind", async () => {
    const first = await acquireLock(file, options);
    expect(existsSync(file)).toBe(true);
    await first.release();
    const second = await acquireLock(file, options);
    await second.release();
    expect(readdirSync(join(folder, "deep"))).toEqual([]);
  });

  test("is waited for while its holder lives, and the waiter is told for whom", async () => {
    const holder = await startHolder();
    const messages: string[] = [];
    const waiting = acquireLock(file, { ...options, onWait: (message) => messages.push(message) });
    const early = await Promise.race([waiting.then(() => "got it"), sleep(400, "still waiting")]);
    expect(early).toBe("still waiting");
    expect(messages).toEqual([`waits for the set-up of process ${holder.pid} in /elsewhere`]);
    holder.kill("SIGKILL");
    await (await waiting).release();
  });

  test("waiting ends when the set-up is interrupted", async () => {
    await startHolder();
    const controller = new AbortController();
    const waiting = acquireLock(file, { ...options, signal: controller.signal });
    controller.abort(new Error("interrupted"));
    await expect(waiting).rejects.toThrow();
  });

  test("a killed holder's lock is not free while a command of it still runs", async () => {
    const command = spawn("sleep", ["60"]);
    children.push(command);
    const holder = await startHolder();
    const record = JSON.parse(readFileSync(file, "utf8"));
    record.guards = [identifyProcess(command.pid)];
    writeFileSync(file, JSON.stringify(record));
    holder.kill("SIGKILL");
    await once(holder, "exit");
    const waiting = acquireLock(file, options);
    const early = await Promise.race([waiting.then(() => "got it"), sleep(300, "still waiting")]);
    expect(early).toBe("still waiting");
    command.kill("SIGKILL");
    await (await waiting).release();
  });

  test("a process number that was given to another process does not hold it", async () => {
    const holder = await startHolder();
    const record = JSON.parse(readFileSync(file, "utf8"));
    holder.kill("SIGKILL");
    await once(holder, "exit");
    // This very test process lives, but did not start when the holder did.
    record.holder.pid = process.pid;
    writeFileSync(file, JSON.stringify(record));
    await (await acquireLock(file, options)).release();
  });

  test.each([
    ["zero bytes", ""],
    ["half a record", '{"token": "abc", "hol'],
    ["another machine's", JSON.stringify({ token: "t", machine: "gone", holder: { pid: 1 } })],
  ])("%s: taken over only when nobody touches it", async (_, text) => {
    await (await acquireLock(file, options)).release();
    writeFileSync(file, text);
    const since = performance.now();
    const lock = await acquireLock(file, { ...options, silenceSeconds: 0.5 });
    expect(performance.now() - since).toBeGreaterThan(500);
    await lock.release();
  });

  test("a lock that another machine goes on touching is never taken", async () => {
    await (await acquireLock(file, options)).release();
    const text = JSON.stringify({ token: "t", machine: "other", holder: { pid: 1 } });
    writeFileSync(file, text);
    const touching = setInterval(() => writeFileSync(file, text), 50);
    const controller = new AbortController();
    const waiting = acquireLock(file, {
      ...options,
      silenceSeconds: 0.4,
      signal: controller.signal,
    });
    const early = await Promise.race([waiting.then(() => "got it"), sleep(1500, "still waiting")]);
    clearInterval(touching);
    expect(early).toBe("still waiting");
    controller.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow();
  });

  test("a takeover that was itself killed half way does not block the next", async () => {
    const holder = await startHolder();
    const { token } = JSON.parse(readFileSync(file, "utf8"));
    holder.kill("SIGKILL");
    await once(holder, "exit");
    // What a process leaves that is killed right after it won the right to take over.
    const dead = { ...JSON.parse(readFileSync(file, "utf8")), token: "second" };
    writeFileSync(`${file}.takeover-${token}`, JSON.stringify(dead));
    await (await acquireLock(file, options)).release();
    expect(readdirSync(join(folder, "deep"))).toEqual([]);
  });

  test("of many that find a dead holder's lock, one at a time gets it", {
    timeout: 60_000,
  }, async () => {
    const holder = await startHolder();
    holder.kill("SIGKILL");
    await once(holder, "exit");
    const counter = join(folder, "counter");
    writeFileSync(counter, "0");
    // Read, wait, write: any two at once would lose a count.
    const workers = Array.from({ length: 6 }, () =>
      script(`for (let round = 0; round < 15; round++) {
        const lock = await acquireLock(file, { purpose: "worker", pollMilliseconds: 1 });
        const value = Number(readFileSync(folder + "/counter", "utf8"));
        await new Promise((done) => setTimeout(done, 2));
        writeFileSync(folder + "/counter", String(value + 1));
        if (round === 14) process.kill(process.pid, "SIGKILL"); // dies holding it
        await lock.release();
      }`),
    );
    await Promise.all(workers.map((worker) => once(worker, "exit")));
    expect(readFileSync(counter, "utf8")).toBe(String(6 * 15));
  });

  test("a zombie holds nothing", async () => {
    // A parent that never collects its child: the shell replaces itself by sleep.
    const parent = spawn("sh", ["-c", "sleep 0.1 & echo $!; exec sleep 60"]);
    children.push(parent);
    const [output] = await once(parent.stdout, "data");
    const identity = identifyProcess(Number(String(output)));
    expect(isAlive(identity)).toBe(true);
    await expect.poll(() => isAlive(identity), { timeout: 30_000 }).toBe(false);
    expect(existsSync(`/proc/${identity.pid}`)).toBe(true);
  });
});

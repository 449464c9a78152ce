import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { blamingOtherRuns, clearStaleLocks, findLocks, withLock } from "./locks";
import type { Project } from "./project";
import { lockFolder } from "./stateFiles";

let project: Project;

function putLock(name: string, lock: object | string): string {
  const path = join(lockFolder(project, "dev"), `${name}.json`);
  mkdirSync(lockFolder(project, "dev"), { recursive: true });
  writeFileSync(path, typeof lock === "string" ? lock : JSON.stringify(lock));
  return path;
}

const held = (pid: number, host = hostname()) => ({
  pid,
  username: "ada",
  hostname: host,
  timestamp: new Date().toISOString(),
});

async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ["-e", ""]);
  await once(child, "exit");
  return child.pid as number;
}

beforeEach(() => {
  const root = mkdtempSync(join(tmpdir(), "doom-locks-"));
  project = { root, name: "doom-coding", stateFolder: join(root, ".state") };
});
afterEach(() => rmSync(project.root, { recursive: true }));

describe("clearStaleLocks", () => {
  it("has nothing to do before the first run", () => {
    expect(clearStaleLocks(project, "dev")).toEqual([]);
  });

  it("clears the lock of a dead process and says so", async () => {
    const pid = await deadPid();
    const path = putLock("a", held(pid));
    expect(clearStaleLocks(project, "dev")).toEqual([
      expect.stringMatching(
        `^cleared the lock of an interrupted run: pid ${pid} of ada@.*no longer running$`,
      ),
    ]);
    expect(existsSync(path)).toBe(false);
  });

  it("keeps the lock of a living process, and then all others too", async () => {
    const dead = putLock("a", held(await deadPid()));
    const live = putLock("b", held(process.pid));
    expect(() => clearStaleLocks(project, "dev")).toThrow(
      new RegExp(`Another run holds dev: pid ${process.pid} .*\\nFix: wait until it ends, or`),
    );
    expect([dead, live].map(existsSync)).toEqual([true, true]);
  });

  it("keeps another host's lock", () => {
    const path = putLock("a", held(1, "elsewhere"));
    expect(() => clearStaleLocks(project, "dev")).toThrow(/elsewhere.*\nFix: .*pulumi cancel dev/);
    expect(existsSync(path)).toBe(true);
  });

  it.each(["", '{"pid":12'])("keeps a damaged lock (%j) and says what to do", (text) => {
    const path = putLock("a", text);
    expect(() => clearStaleLocks(project, "dev")).toThrow(`remove it: rm ${path}`);
    expect(existsSync(path)).toBe(true);
  });

  it("does not look at other stacks", () => {
    putLock("a", held(process.pid));
    expect(findLocks(project, "dev2")).toEqual([]);
  });
});

describe("withLock", () => {
  it("holds the stack during the work and lets go afterwards, also of a failure", async () => {
    await withLock(project, "dev", async () => {
      expect(findLocks(project, "dev").map((lock) => lock.judgement.kind)).toEqual(["live"]);
    });
    await expect(withLock(project, "dev", () => Promise.reject(new Error("x")))).rejects.toThrow(
      "x",
    );
    expect(readdirSync(lockFolder(project, "dev"))).toEqual([]);
  });

  it("lets nobody in beside another holder", async () => {
    await withLock(project, "dev", async () => {
      await expect(withLock(project, "dev", async () => "in")).rejects.toThrow("Another run holds");
    });
  });
});

describe("blamingOtherRuns", () => {
  const fails = () => Promise.reject(new Error("port taken"));

  it("gives the failure itself when nobody else is at work", async () => {
    await expect(blamingOtherRuns(project, "dev", fails)).rejects.toThrow("port taken");
    expect(await blamingOtherRuns(project, "dev", async () => "done")).toBe("done");
  });

  it("gives the other run as the reason when there is one", async () => {
    putLock("a", held(process.pid));
    await expect(blamingOtherRuns(project, "dev", fails)).rejects.toThrow("Another run holds dev");
    expect(await blamingOtherRuns(project, "dev", async () => "done")).toBe("done");
  });
});

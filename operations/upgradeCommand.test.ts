import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ownLock } from "./locks";
import type { Project } from "./project";
import {
  endCommand,
  hold,
  readCommand,
  readHeld,
  release,
  type UpgradeCommand,
  withUpgradeLock,
  writeCommand,
} from "./upgradeCommand";
import { upgradeFolder } from "./upgradeJournal";

let project: Project;
beforeEach(() => {
  const root = mkdtempSync(join(tmpdir(), "doom-command-"));
  project = { root, name: "doom-coding", stateFolder: join(root, ".state") };
});
afterEach(() => rmSync(project.root, { recursive: true, force: true }));

const command: UpgradeCommand = {
  command: 1,
  kind: "upgrade",
  service: "code-server",
  stage: "updating",
  target: "4.139.1",
  stackFileBefore: "config: {}\n",
  startedAt: "2026-11-25T00:15:30.000Z",
};

it("remembers what is under way until it ends", () => {
  expect(readCommand(project, "dev")).toBeUndefined();
  writeCommand(project, "dev", command);
  expect(readCommand(project, "dev")).toEqual(command);
  endCommand(project, "dev");
  expect(readCommand(project, "dev")).toBeUndefined();
});

it("says of a damaged file that it is one, without what it holds", () => {
  mkdirSync(upgradeFolder(project, "dev"), { recursive: true });
  writeFileSync(join(upgradeFolder(project, "dev"), "command.json"), '{"stackFileBefore": "text');
  expect(() => readCommand(project, "dev")).toThrow(/command\.json is damaged/);
  expect(() => readCommand(project, "dev")).not.toThrow(/text/);
});

it("holds what failed, until it is released", () => {
  hold(project, "dev", "4.139.1", "it ended");
  hold(project, "dev", "sha256:1", "it lost data");
  expect(readHeld(project, "dev")).toMatchObject({
    "4.139.1": { because: "it ended" },
    "sha256:1": { because: "it lost data" },
  });
  release(project, "dev", "4.139.1");
  release(project, "dev", "never held");
  expect(Object.keys(readHeld(project, "dev"))).toEqual(["sha256:1"]);
  expect(readHeld(project, "staging")).toEqual({});
});

it("lets one command work on a stack, and after a failure the next", async () => {
  await withUpgradeLock(project, "dev", async () => {
    await expect(withUpgradeLock(project, "dev", async () => {})).rejects.toMatchObject({
      kind: "locked",
      summary: expect.stringContaining(`pid ${process.pid} of`),
    });
    expect(await withUpgradeLock(project, "staging", async () => "in")).toBe("in");
  });
  await expect(
    withUpgradeLock(project, "dev", async () => {
      throw new Error("it failed");
    }),
  ).rejects.toThrow("it failed");
  expect(await withUpgradeLock(project, "dev", async () => "in")).toBe("in");
});

it("takes over from a dead one, and not from one of another host", async () => {
  const file = join(upgradeFolder(project, "dev"), "lock");
  mkdirSync(upgradeFolder(project, "dev"), { recursive: true });
  writeFileSync(file, JSON.stringify({ ...ownLock(), pid: 2 ** 30 }));
  expect(await withUpgradeLock(project, "dev", async () => "in")).toBe("in");
  writeFileSync(file, JSON.stringify({ ...ownLock(), hostname: "elsewhere" }));
  await expect(withUpgradeLock(project, "dev", async () => {})).rejects.toThrow("elsewhere");
});

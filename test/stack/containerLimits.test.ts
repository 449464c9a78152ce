import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import type Docker from "dockerode";
import { afterEach, expect, it } from "vitest";
import { kernelCpuLimit } from "../support/controlGroup";
import { engine, runIn } from "../support/dockerHost";

/** Limits as the kernel keeps them: a shell that starts more processes is refused. */
const ROOT = path.resolve(__dirname, "../..");
const LIMIT = 20;
const containers: Docker.Container[] = [];

afterEach(async () => {
  await Promise.all(containers.splice(0).map((container) => container.remove({ force: true })));
});

function baseImage(): string {
  const file = path.join(ROOT, "toolchain", "versions.json");
  const { base } = JSON.parse(readFileSync(file, "utf8")) as {
    base: { suite: string; revision: number };
  };
  return `doom-coding/base:${base.suite}-r${base.revision}`;
}

async function startSleeper(): Promise<string> {
  const container = await engine.createContainer({
    name: `doom-limits-${randomBytes(4).toString("hex")}`,
    Image: baseImage(),
    Cmd: ["sleep", "600"],
    HostConfig: { NetworkMode: "none" },
  });
  containers.push(container);
  await container.start();
  return container.id;
}

async function limit(ids: readonly string[], processes: number, cpus = 0.5): Promise<void> {
  const operation = path.join(ROOT, "bin", "operations", "containerLimits.js");
  await promisify(execFile)(process.execPath, [operation], {
    env: {
      ...process.env,
      DOOM_CONTAINERS: ids.join(" "),
      DOOM_CPUS: ids.map(() => cpus).join(" "),
      DOOM_PROCESS_LIMIT: String(processes),
    },
  });
}

/** Starts `count` sleepers in the container; throws what the shell says when the kernel refuses one. */
async function startInside(id: string, count: number): Promise<void> {
  await runIn(id, ["sh", "-c", `for i in $(seq ${count}); do sleep 30 & done`]);
}

it("holds in every container it was set for, over a restart, and in no other", async () => {
  const [first, second, free] = await Promise.all([startSleeper(), startSleeper(), startSleeper()]);
  await limit([first, second], LIMIT, 0.75);
  await engine.getContainer(second).restart({ t: 0 });

  for (const id of [first, second]) {
    const { State, HostConfig } = await engine.getContainer(id).inspect();
    expect([HostConfig.NanoCpus, kernelCpuLimit(State.Pid)]).toEqual([0.75e9, 0.75]);
  }

  await startInside(first, LIMIT / 2);
  await expect(startInside(first, LIMIT)).rejects.toThrow("Cannot fork");
  await expect(startInside(second, LIMIT)).rejects.toThrow("Cannot fork");
  await startInside(free, 2 * LIMIT);
});

it("fails when the host has fewer CPUs, and leaves what was", async () => {
  const id = await startSleeper();
  await limit([id], LIMIT, 0.25);
  await expect(limit([id], LIMIT, 999)).rejects.toThrow("cannot set the limits");
  const { State } = await engine.getContainer(id).inspect();
  expect(kernelCpuLimit(State.Pid)).toBe(0.25);
});

it("fails when a container is not there, with its ID", async () => {
  const missing = "0".repeat(64);
  await expect(limit([missing], LIMIT)).rejects.toThrow(missing);
});

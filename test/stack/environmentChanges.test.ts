import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kernelCpuLimit, kernelMemoryLimit } from "../support/controlGroup";
import {
  containerIds,
  containersOf,
  engine,
  isHealthy,
  networksOf,
  readVolume,
  runIn,
  volumesOf,
  waitForContainer,
} from "../support/dockerHost";
import { EditorClient } from "../support/editorClient";
import type { LiveEnvironment, PlannedStep } from "../support/liveEnvironment";
import { type LiveProject, startProject } from "../support/liveProject";
import { TestVolumes } from "../support/testVolumes";

/*
 * What happens to a running environment when its file changes, when somebody changes it behind
 * Pulumi's back, and when it is taken down. Each test leaves it as the next one expects it.
 */
const MEBIBYTE = 1024 * 1024;
const CONTENT = `work of a whole day ${Date.now()}\n`;
const EDITOR = "environment-code-server-1-container";
let project: LiveProject;
let environment: LiveEnvironment;
let editor: string;
let volume: string;
let password: string;
let baseImage: string;
/** Where the editor got its first data from. */
let seed: string;
const volumes = new TestVolumes();

beforeAll(async () => {
  seed = await volumes.filled(`mkdir workspace; printf 'from before' > workspace/old.txt`);
  project = await startProject({ change: { seed: { "code-server-1": { volume: seed } } } });
  environment = project.environment("change");
  await environment.up();
  const { instances, passwords, imageDigests } = await environment.outputs();
  editor = instances[0]?.container ?? "";
  volume = instances[0]?.volume ?? "";
  password = passwords["1"] ?? "";
  baseImage = imageDigests.gateway;
  await runIn(editor, ["sh", "-c", 'printf %s "$1" > /config/workspace/kept.txt', "sh", CONTENT]);
});
afterAll(async () => {
  await project?.dispose();
  await volumes.dispose();
});

/** A changed file is checked, and the whole verified again, whatever else it changes. */
const CHECKS = ["environment-configuration-check", "environment-verification-verify"];
const withoutCheck = (steps: readonly PlannedStep[]) =>
  steps.filter(({ name }) => !CHECKS.includes(name));
const keptFile = () => readVolume(volume, "workspace/kept.txt", baseImage);
const seededFile = () => readVolume(volume, "workspace/old.txt", baseImage);
const setResources = (resources: Record<string, unknown>) =>
  environment.configure((value) => ({
    ...value,
    resources: { ...(value.resources as object), ...resources },
  }));

async function logsIn(with_: string): Promise<boolean> {
  const client = new EditorClient((await environment.outputs()).url);
  await client.login(with_);
  return client.getsIn();
}

describe("a volume that the editor is seeded from", () => {
  const seedFrom = (name: string) =>
    environment.configure((value) => ({ ...value, seed: { "code-server-1": { volume: name } } }));

  it("is what the editor found when it first started, with the proof in the state", async () => {
    expect(await seededFile()).toBe("from before");
    const { resources } = await environment.plainState();
    const copy = resources.find(({ urn }) => urn.endsWith("::environment-code-server-1-seed-copy"));
    const printed = copy?.outputs as { stdout: string } | undefined;
    expect(JSON.parse(printed?.stdout ?? "")).toMatchObject({
      volume: seed,
      target: volume,
      changed: true,
      manifest: { entries: 3, bytes: "from before".length },
    });
  });

  it("cannot be changed for another one: work would be lost", async () => {
    const before = await containerIds(environment.stack);
    seedFrom(await volumes.filled("printf other > other"));
    const { code, stdout } = await environment.tryPulumi("up", "--yes", "--skip-preview");
    expect(code).not.toBe(0);
    expect(stdout).toContain(`the volume ${volume} holds data already, which is not from`);
    expect(await containerIds(environment.stack)).toEqual(before);
    expect(await keptFile()).toBe(CONTENT);
    seedFrom(seed);
    expect(withoutCheck(await environment.plan())).toEqual([]);
  });
});

describe("a change of the stack's file", () => {
  it("changes a memory limit in place, in Docker and in the kernel", async () => {
    const before = await containerIds(environment.stack);
    setResources({ memory: "640MiB" });
    expect(withoutCheck(await environment.plan())).toEqual([{ name: EDITOR, operation: "update" }]);
    await environment.up();
    expect(await containerIds(environment.stack)).toEqual(before);
    const { HostConfig, State } = await engine.getContainer(editor).inspect();
    const limits = [HostConfig.Memory, HostConfig.MemorySwap, kernelMemoryLimit(State.Pid)];
    expect(limits).toEqual(Array(3).fill(640 * MEBIBYTE));
  });

  it("lowers it again, also in place", async () => {
    const before = await containerIds(environment.stack);
    setResources({ memory: "512MiB" });
    await environment.up();
    expect(await containerIds(environment.stack)).toEqual(before);
    const { State } = await engine.getContainer(editor).inspect();
    expect(kernelMemoryLimit(State.Pid)).toBe(512 * MEBIBYTE);
  });

  it("replaces the editor for another log level, with the CPUs that it has now; its files stay", async () => {
    setResources({ cpus: 0.75 });
    environment.configure((value) => ({ ...value, logLevel: "warn" }));
    expect(await environment.plan()).toContainEqual({ name: EDITOR, operation: "replace" });
    const before = await containerIds(environment.stack);
    await environment.up();
    const after = await containerIds(environment.stack);
    expect(after[editor]).not.toBe(before[editor]);
    expect(after[`doom-${environment.stack}-gateway`]).toBe(
      before[`doom-${environment.stack}-gateway`],
    );
    const info = await engine.getContainer(editor).inspect();
    expect(info.Config.Env).toContain("LOG_LEVEL=warn");
    expect(info.HostConfig.NanoCpus).toBe(0.75e9);
    expect(kernelCpuLimit(info.State.Pid)).toBe(0.75);
    expect(await keptFile()).toBe(CONTENT);
    expect(await logsIn(password)).toBe(true);
  });
});

describe("a change behind Pulumi's back", () => {
  const look = () => environment.tryPulumi("refresh", "--preview-only", "--expect-no-changes");

  it("is not seen where there is none", async () => {
    const { code, stdout } = await look();
    expect(code, stdout).toBe(0);
  });

  it("a limit that somebody raised is seen and put back in place", async () => {
    const before = await containerIds(environment.stack);
    const raised = { Memory: 700 * MEBIBYTE, MemorySwap: 700 * MEBIBYTE };
    await engine.getContainer(editor).update(raised);
    const { code, stdout } = await look();
    expect(code).not.toBe(0);
    expect(stdout).toContain(EDITOR);
    await environment.up("--refresh");
    expect(await containerIds(environment.stack)).toEqual(before);
    const { HostConfig } = await engine.getContainer(editor).inspect();
    expect(HostConfig.Memory).toBe(512 * MEBIBYTE);
  });

  it("a stopped editor is seen and serves again after an up", async () => {
    await engine.getContainer(editor).stop({ t: 5 });
    const { code, stdout } = await look();
    expect(code).not.toBe(0);
    expect(stdout).toContain(EDITOR);
    await environment.up("--refresh");
    await waitForContainer(editor, isHealthy);
    expect(await keptFile()).toBe(CONTENT);
    expect(await environment.plan("--refresh")).toEqual([]);
  });
});

describe("taking it down", () => {
  it("a plain destroy is refused, and leaves everything running", async () => {
    const before = await containerIds(environment.stack);
    const { code, stdout, stderr } = await environment.tryPulumi("destroy", "--yes");
    expect(code).not.toBe(0);
    expect(`${stdout}${stderr}`).toContain("protect");
    expect(await containerIds(environment.stack)).toEqual(before);
  });

  it("`doom down` removes containers and networks, and keeps the data", async () => {
    await environment.doom("down", environment.stack);
    expect(await containersOf(environment.stack)).toEqual([]);
    expect(await networksOf(environment.stack)).toEqual([]);
    expect((await volumesOf(environment.stack)).map(({ Name }) => Name)).toEqual([volume]);
    expect(await keptFile()).toBe(CONTENT);
  });

  it("the next up finds the same data under the same password, and seeds nothing", async () => {
    await engine.getVolume(seed).remove();
    await environment.up();
    expect(await seededFile()).toBe("from before");
    expect((await environment.outputs()).passwords["1"]).toBe(password);
    expect(await keptFile()).toBe(CONTENT);
    expect(await runIn(editor, ["cat", "/config/workspace/kept.txt"])).toBe(CONTENT);
    expect(await logsIn(password)).toBe(true);
    expect(await logsIn(`${password}x`)).toBe(false);
  });
});

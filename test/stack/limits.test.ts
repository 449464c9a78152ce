import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type WebSocket from "ws";
import { judgeState } from "../../checks/containerState";
import { kernelCpuLimit, kernelMemoryLimit, memoryKills } from "../support/controlGroup";
import {
  containerIds,
  containersOf,
  engine,
  isHealthy,
  runIn,
  waitForContainer,
} from "../support/dockerHost";
import { EditorClient, editorSocketPath, WORKBENCH } from "../support/editorClient";
import type { LiveEnvironment } from "../support/liveEnvironment";
import { type LiveProject, startProject } from "../support/liveProject";

/*
 * Limits of a running environment of two editors: changed under their work, reached by one of them, and the
 * storage that nothing but a measurement watches. Each test leaves the environment as the next one expects it.
 */
const MEBIBYTE = 1024 ** 2;
let project: LiveProject;
let environment: LiveEnvironment;
let visitor: EditorClient;
let editors: string[];

beforeAll(async () => {
  project = await startProject({
    limits: { instances: 2, resources: { cpus: 0.5, memory: "512MiB", storage: "256MiB" } },
  });
  environment = project.environment("limits");
  await environment.up();
  const { url, passwords, instances } = await environment.outputs();
  editors = instances.map(({ container }) => container);
  visitor = new EditorClient(url);
  await visitor.login(passwords["1"] ?? "");
  if (!(await visitor.getsIn())) await visitor.login(passwords["2"] ?? "");
});
afterAll(() => project?.dispose());

const setResources = (resources: Record<string, unknown>) =>
  environment.configure((value) => ({
    ...value,
    resources: { ...(value.resources as object), ...resources },
  }));

/** When each container was started, and how often Docker did that again. */
async function starts(): Promise<Record<string, string>> {
  const containers = await containersOf(environment.stack);
  return Object.fromEntries(
    containers.map(({ Name, RestartCount, State }) => [
      Name.slice(1),
      `${State.StartedAt} ${RestartCount}`,
    ]),
  );
}

describe("other limits in the file", () => {
  let socket: WebSocket;

  it("are previewed as what they are, beside the host's capacity", async () => {
    const { body } = await visitor.request(WORKBENCH);
    const opened = await visitor.openSocket(editorSocketPath(body));
    if (typeof opened === "number") throw new Error(`the editor answers ${opened}`);
    socket = opened;
    setResources({ cpus: 1, memory: "640MiB" });
    const preview = JSON.parse(await environment.doom("preview", environment.stack, "--json"));
    const steps = (preview.steps as { operation: string; name: string }[])
      .filter(({ name }) => !/-(check|verify)$/.test(name))
      .map(({ operation, name }) => `${operation} ${name}`);
    expect(steps.sort()).toEqual([
      ...editors.map((editor) => `update ${editor}`),
      "update environment-limits-set",
    ]);
    const own = (preview.capacity as { resource: string; claims: object[] }[]).map(
      ({ resource, claims }) => [resource, claims[0]],
    );
    const { stack } = environment;
    expect(own).toEqual([
      ["memory", { stack, amount: 2 * 640 + 128 }],
      ["cpus", { stack, amount: 2 * 1 + 0.5 }],
      ["storage", { stack, amount: 2 * 256 }],
    ]);
  });

  it("hold in Docker and in the kernel after an up, in the same containers, whose sessions live", async () => {
    const before = [await containerIds(environment.stack), await starts()];
    await environment.up();
    expect([await containerIds(environment.stack), await starts()]).toEqual(before);
    expect(socket.readyState).toBe(socket.OPEN);
    socket.terminate();
    for (const editor of editors) {
      const { HostConfig, State } = await engine.getContainer(editor).inspect();
      const { Memory, MemorySwap, NanoCpus, CpuShares } = HostConfig;
      expect([Memory, MemorySwap, kernelMemoryLimit(State.Pid)]).toEqual(
        Array(3).fill(640 * MEBIBYTE),
      );
      expect([NanoCpus, CpuShares, kernelCpuLimit(State.Pid)]).toEqual([1e9, 1024, 1]);
    }
  });

  it("are proven by a command, which finds one that somebody changed", async () => {
    const verify = ["bin/cli/main.js", "verify", environment.stack, "--limits"];
    const proven = await environment.run(process.execPath, verify);
    expect(proven.code, proven.stderr).toBe(0);
    expect(proven.stdout).toContain(`The limits of ${environment.stack} hold.`);
    expect(proven.stdout.match(/memory \(MiB\) +640 +640 +640\n/g)).toHaveLength(2);
    const editor = engine.getContainer(editors[1] ?? "");
    await editor.update({ NanoCpus: 0.7e9 });
    const changed = await environment.run(process.execPath, verify);
    expect(changed.code).toBe(11);
    expect(changed.stdout).toMatch(/CPUs +1 +0\.7 +0\.7 +DIFFERS/);
    await editor.update({ NanoCpus: 1e9 });
  });

  it("leave nothing to do, and no difference between the state and the host", async () => {
    expect(await environment.plan()).toEqual([]);
    const looked = ["refresh", "--preview-only", "--expect-no-changes"];
    const { code, stdout } = await environment.tryPulumi(...looked);
    expect(code, stdout).toBe(0);
  });
});

it("a limit below what an editor uses is refused before anything changes", async () => {
  const before = [await containerIds(environment.stack), await starts()];
  const [editor = ""] = editors;
  const hold =
    "x=$(head -c 200000000 /dev/zero | tr '\\0' x); touch held; while [ -e held ]; do sleep 0.1; done";
  const holding = runIn(editor, ["timeout", "60", "bash", "-c", `cd /tmp; ${hold}`]);
  await runIn(editor, ["timeout", "30", "sh", "-c", "until [ -e /tmp/held ]; do sleep 0.1; done"]);
  setResources({ memory: "192MiB" });
  const up = ["bin/cli/main.js", "up", environment.stack];
  const { code, stderr } = await environment.run(process.execPath, up);
  expect(code).toBe(6);
  expect(stderr).toMatch(
    new RegExp(`${editor} uses \\d+ MiB now, which a limit of 192 MiB would end`),
  );
  expect(stderr).not.toContain(`${editors[1]} uses`);
  expect([await containerIds(environment.stack), await starts()]).toEqual(before);
  setResources({ memory: "640MiB" });
  await runIn(editor, ["rm", "/tmp/held"]);
  await holding;
});

describe("a hog in one editor", () => {
  it("of memory is ended there, while another of CPU time runs; nobody else notices", async () => {
    const [hogged = "", other = ""] = editors;
    const before = await starts();
    const kills = async (name: string) =>
      memoryKills((await engine.getContainer(name).inspect()).State.Pid);
    const [killsBefore, othersBefore] = [await kills(hogged), await kills(other)];
    const burning = runIn(hogged, ["timeout", "8", "sh", "-c", "while :; do :; done"]);
    const ended = expect(burning).rejects.toThrow("ended with 124");
    await expect(
      runIn(hogged, ["sh", "-c", "head -c 900000000 /dev/zero | tail -c 900000000 | wc -c"]),
    ).resolves.not.toContain("900000000");
    const ask = "curl -s -o /dev/null -w %{http_code} http://127.0.0.1:8443/";
    for (let asked = 0; asked < 10; asked += 1)
      expect(await runIn(other, ["sh", "-c", ask])).toBe("302");
    await ended;
    expect(await kills(hogged)).toBeGreaterThan(killsBefore);
    expect(await kills(other)).toBe(othersBefore);
    await waitForContainer(hogged, isHealthy);
    const { [hogged]: _, ...others } = await starts();
    const { [hogged]: __, ...othersBeforeIt } = before;
    expect(others).toEqual(othersBeforeIt);
    expect(await runIn(hogged, ["sh", "-c", ask])).toBe("302");
    // Some engines tell of the killed process for ever; that is no fault of the editor that was started since.
    await engine.getContainer(hogged).restart();
    const again = await waitForContainer(hogged, isHealthy);
    expect(judgeState(again)).toEqual({ kind: "healthy", evidence: "running and healthy" });
  });
});

describe("storage, which Docker does not limit", () => {
  const fill = (mebibytes: number) =>
    runIn(editors[0] ?? "", ["fallocate", "-l", `${mebibytes}MiB`, "/config/workspace/big"]);
  const status = () => environment.doom("status", environment.stack);
  const volume = () => `doom-${environment.stack}-data-1`;

  it("is shown with its use, and warned of from 80 % on", async () => {
    const before = await status();
    expect(before).toMatch(new RegExp(`data: ${volume()}, \\S+ [KM]iB of 256.0 MiB \\(\\d+ %\\)`));
    expect(before).not.toContain("warning:");
    await fill(230);
    expect(await status()).toMatch(
      new RegExp(`warning: ${volume()} holds 2\\d\\d\\.\\d MiB of 256\\.0 MiB \\([89]\\d %\\)`),
    );
  });

  it("bars an upgrade when it is full, before anything changes", async () => {
    await fill(300);
    expect(await status()).toContain(`warning: ${volume()} is full: 30`);
    const before = await containerIds(environment.stack);
    environment.configure((value) => ({ ...value, image: { version: "4.138.0" } }));
    const { code, stdout } = await environment.tryPulumi("up", "--yes", "--skip-preview");
    expect(code).not.toBe(0);
    expect(stdout).toContain(`${volume()} is full: 30`);
    expect(stdout).toContain(`raise resources.storage in Pulumi.${environment.stack}.yaml`);
    expect(await containerIds(environment.stack)).toEqual(before);
    setResources({ storage: "1GiB" });
    const preview = await environment.pulumi("preview");
    expect(preview).toContain("which is made first");
  });
});

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dockerName } from "../../config/names";
import { attemptOf, readJournal, type Stage } from "../../operations/upgradeJournal";
import {
  containersOf,
  engine,
  isHealthy,
  networksOf,
  readVolume,
  runIn,
  volumesOf,
  waitForContainer,
} from "../support/dockerHost";
import { NodeProcess, type RunResult, runDoom } from "../support/doomProcess";
import { createProjectCopy, type ProjectCopy } from "../support/projectCopy";

/*
 * The gate of a running environment with images that are broken in one way each, and killed at every stage. The
 * gate alone, as the engine runs it: an `up` around each would only take longer.
 */
let copy: ProjectCopy;
let stack: string;
let image: string;
const built: string[] = [];

const editor = () => dockerName(stack, "code-server", 1);
const data = () => dockerName(stack, "data", 1);
const inspected = () => engine.getContainer(editor()).inspect();

/** An image of ours with one more layer; `lines` go after its FROM. */
async function derived(lines: string): Promise<string> {
  const run = promisify(execFile)("docker", ["build", "--quiet", "-"], {
    env: { ...process.env, DOCKER_BUILDKIT: "0" },
  });
  run.child.stdin?.end(`FROM ${image}\n${lines}\n`);
  const id = (await run).stdout.trim();
  built.push(id);
  return id;
}

/** The gate as the engine starts it. */
function startGate(wanted: string): NodeProcess {
  return new NodeProcess(copy.root, ["bin/operations/upgradeGate.js"], {
    DOOM_STACK: stack,
    DOOM_INSTANCE: "1",
    DOOM_IMAGE: wanted,
    DOOM_ATTEMPT: String(attemptOf(copy.project, stack, 1)),
  });
}
const gate = (wanted: string): Promise<RunResult> => startGate(wanted).result();

/** The old one serves, its data is what it was, and nothing of the upgrade is left. */
async function isUntouched(): Promise<void> {
  const info = await waitForContainer(editor(), isHealthy);
  expect([info.Image, info.RestartCount]).toEqual([image, 0]);
  expect(await readVolume(data(), "workspace/file", image)).toBe("work\n");
  expect((await containersOf(stack)).map(({ Name }) => Name)).toEqual([
    `/${editor()}`,
    `/doom-${stack}-gateway`,
  ]);
  expect((await networksOf(stack)).map(({ Name }) => Name)).toHaveLength(3);
  expect((await volumesOf(stack)).map(({ Name }) => Name)).toEqual([data()]);
}

beforeAll(async () => {
  copy = createProjectCopy();
  ({ stack } = await copy.addStack());
  for (const command of ["init", "up"]) {
    const { code, stderr } = await runDoom(copy.root, [command, stack]);
    expect(code, stderr).toBe(0);
  }
  image = (await inspected()).Image;
  await runIn(editor(), ["bash", "-c", "echo work >/config/workspace/file"], "1000:1000");
});
afterAll(async () => {
  await copy?.dispose();
  for (const id of new Set(built)) await engine.getImage(id).remove({ force: true });
});

const ENTRY = 'ENTRYPOINT ["/bin/bash", "-c", ';
const entry = (script: string) => `${ENTRY}${JSON.stringify(script)}]`;
const ANSWERS = `node -e 'require("http").createServer((q, r) => r.writeHead(q.url === "/healthz" ? 200 : 500).end()).listen(8443)'`;

describe("an image that", () => {
  it.each<[string, string, string[]]>([
    ["does not start", entry("echo no such thing >&2; exit 3"), ["with code 3", "no such thing"]],
    [
      "ends after 5 s",
      entry("timeout 7 /usr/local/bin/entrypoint; exit 5"),
      ["uptime: it is exited, with code 5"],
    ],
    [
      "answers /healthz and nothing else",
      `HEALTHCHECK CMD true\nRUN rm /usr/local/bin/healthcheck && printf '#!/bin/sh\\n' >/usr/local/bin/healthcheck && chmod +x /usr/local/bin/healthcheck\n${entry(ANSWERS)}`,
      ["login: / without a login answered 500"],
    ],
    [
      "has its login off",
      `RUN printf '#!/bin/sh\\n' >/usr/local/bin/healthcheck\n${entry("export HOME=/config; exec setpriv --reuid 1000 --regid 1000 --clear-groups code-server --auth none --bind-addr 0.0.0.0:8443 --user-data-dir /config/data --extensions-dir /config/extensions")}`,
      ["login: / without a login answered"],
    ],
    [
      "changes data when it starts",
      entry("echo worse >/config/workspace/file; exec /usr/local/bin/entrypoint"),
      ["the new version changes data", "workspace/file: content"],
    ],
    [
      "needs more memory than it may have",
      entry(
        "/usr/local/bin/entrypoint & sleep 2; exec node -e 'const a = []; for (;;) a.push(Buffer.alloc(1 << 24, 1))'",
      ),
      ["the memory limit was reached"],
    ],
  ])("%s", async (_, lines, evidence) => {
    const { code, stderr } = await gate(await derived(lines));
    expect(code, stderr).toBe(1);
    expect(stderr).toContain("failed at the rehearsal");
    for (const words of evidence) expect(stderr).toContain(words);
    await isUntouched();
  });

  it("loses an extension", async () => {
    const { code, stderr } = await gate(
      await derived(entry("rm -rf /config/extensions/*; exec /usr/local/bin/entrypoint")),
    );
    expect([code, stderr.includes("extension")]).toEqual([1, true]);
    await isUntouched();
  });
});

describe("a gate that is killed", () => {
  let sound: string;
  beforeAll(async () => {
    sound = await derived("LABEL doom.test.sound=true");
  });

  const journal = () => readJournal(copy.project, stack, 1);

  /** Kills the gate as soon as its journal says so. */
  async function killAt(stage: Stage): Promise<void> {
    const run = startGate(sound);
    await run.until(() => (journal()?.stage === stage ? true : undefined));
    run.signal("SIGKILL");
    await run.result();
    expect(journal()?.stage).toBe(stage);
  }

  it.each<Stage>(["copying", "rehearsing", "stopping"])(
    "at %s: the next one, for the old image again, takes all back",
    async (stage) => {
      await killAt(stage);
      const { code, stderr, stdout } = await gate(image);
      expect(code, stderr).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ done: "nothing" });
      expect(journal()).toMatchObject({ stage: "closed", failedAt: stage });
      await isUntouched();
    },
  );

  it("at its end: the next one for the same image passes, the old image takes it back", async () => {
    await killAt("rehearsing");
    const { code, stderr, stdout } = await gate(sound);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ done: "upgrade" });
    expect(journal()).toMatchObject({ stage: "passed", attempt: 1 });
    expect((await inspected()).State.Running).toBe(false);
    const copied = await readVolume(journal()?.copy as string, "workspace/file", image);
    expect(copied).toBe("work\n");
    expect((await gate(image)).code).toBe(0);
    await isUntouched();
  });

  it("asked to end, takes all back itself", async () => {
    const run = startGate(sound);
    await run.until(() => (journal()?.stage === "rehearsing" ? true : undefined));
    run.signal("SIGTERM");
    const { code, stderr } = await run.result();
    expect([code, stderr.includes("The upgrade was interrupted")]).toEqual([1, true]);
    await isUntouched();
  });
});

describe("doom upgrade to what fails", () => {
  it("leaves everything as it was, holds the image, and does not try it again", async () => {
    const bad = await derived(entry("exit 3"));
    const file = path.join(copy.root, `Pulumi.${stack}.yaml`);
    const before = readFileSync(file, "utf8");
    const first = await runDoom(copy.root, ["upgrade", stack, "--image", bad]);
    expect([first.code, first.stderr]).toEqual([8, expect.stringContaining("goes on as it was")]);
    expect(readFileSync(file, "utf8")).toBe(before);
    await isUntouched();
    const again = await runDoom(copy.root, ["upgrade", stack, "--image", bad]);
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining("--retry-held")]);
    const preview = await runDoom(copy.root, ["preview", stack]);
    expect(preview.stdout).toContain("Nothing would change");
  });

  it("goes back by itself when only the live one fails", async () => {
    // On the network of its rehearsal it is sound.
    const script =
      "getent hosts gateway && echo worse >/config/workspace/file; exec /usr/local/bin/entrypoint";
    const bad = await derived(entry(script));
    const file = path.join(copy.root, `Pulumi.${stack}.yaml`);
    const before = readFileSync(file, "utf8");
    const { code, stderr, stdout } = await runDoom(copy.root, [
      "upgrade",
      stack,
      "--image",
      bad,
      "--json",
    ]);
    expect(code, stderr).toBe(8);
    const { error } = JSON.parse(stdout);
    expect(error.message).toContain("failed and was taken back");
    expect(JSON.stringify(error.problems)).toContain("workspace/file: content");
    expect(readFileSync(file, "utf8")).toBe(before);
    const info = await waitForContainer(editor(), isHealthy);
    expect(info.Image).toBe(image);
    expect(await readVolume(data(), "workspace/file", image)).toBe("work\n");
    const kept = (await volumesOf(stack)).find(
      ({ Labels }) => Labels["doom.role"] === "after-upgrade",
    );
    expect(await readVolume(kept?.Name as string, "workspace/file", image)).toBe("worse\n");
  });
});

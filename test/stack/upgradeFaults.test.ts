import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dockerName } from "../../config/names";
import { findLocks, isAlive } from "../../operations/locks";
import { readCommand } from "../../operations/upgradeCommand";
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
import { DoomProcess, NodeProcess, type RunResult, runDoom } from "../support/doomProcess";
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
    DOOM_SERVICE: "code-server",
    DOOM_INSTANCE: "1",
    DOOM_IMAGE: wanted,
    DOOM_ATTEMPT: String(attemptOf(copy.project, stack, "code-server-1")),
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

/** As an extension is installed: its folder, and an entry in the list, which the editor starts empty. */
const INSTALL = `cd /config/extensions
  until [[ -e extensions.json && $(<extensions.json) == "[]" ]]; do sleep 0.1; done
  mkdir acme.hello-1.2.3
  echo '{"publisher":"acme","name":"hello","version":"1.2.3","engines":{"vscode":"*"}}' \\
    >acme.hello-1.2.3/package.json
  echo '[{"identifier":{"id":"acme.hello"},"version":"1.2.3","relativeLocation":"acme.hello-1.2.3",
    "location":{"$mid":1,"path":"/config/extensions/acme.hello-1.2.3","scheme":"file"}}]' >extensions.json`;

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
      // Healthy once it answers, as any: else the gate may come too early to see what it is.
      `RUN printf '#!/bin/sh\\nexec curl --silent --fail http://127.0.0.1:8443/healthz\\n' >/usr/local/bin/healthcheck\n${entry("export HOME=/config; exec setpriv --reuid 1000 --regid 1000 --clear-groups code-server --auth none --bind-addr 0.0.0.0:8443 --user-data-dir /config/data --extensions-dir /config/extensions")}`,
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

  it("looks for the running environment finds nothing of it", async () => {
    const address = Object.values((await inspected()).NetworkSettings.Networks)[0]?.IPAddress;
    const probe = `for host in ${address} ${editor()} gateway; do
      timeout 2 bash -c "echo >/dev/tcp/$host/8443" 2>&1 | tail -1; echo "$host \${PIPESTATUS[0]}"; done`;
    const found = await runIn(`doom-${stack}-gateway`, ["bash", "-c", probe]);
    expect(found).toContain(`${address} 0`);
    expect(found).toContain(`${editor()} 0`);
    const { code, stderr } = await gate(await derived(entry(`${probe}; exit 3`)));
    expect(code).toBe(1);
    for (const host of [address, editor(), "gateway"])
      expect(stderr).toMatch(new RegExp(`${host} (1|124)`));
    await isUntouched();
  });

  it("finds no room for the copies is not tried", async () => {
    const script = `free=$(df --output=avail --block-size=1 /config | tail -1)
      fallocate --length $((free * 36 / 100)) /config/large`;
    await runIn(editor(), ["bash", "-euc", script], "1000:1000");
    const { code, stderr } = await gate(await derived("LABEL doom.test.sound=true"));
    await runIn(editor(), ["rm", "/config/large"]);
    expect([code, stderr]).toEqual([1, expect.stringContaining("The data does not fit")]);
    expect(stderr).toContain("failed at the copy of the data");
    await isUntouched();
  });

  it("loses an extension", async () => {
    await runIn(editor(), ["bash", "-euc", INSTALL], "1000:1000");
    const loss = "rm -rf /config/extensions/acme*; echo '[]' >/config/extensions/extensions.json";
    const { code, stderr } = await gate(
      await derived(entry(`${loss}; exec /usr/local/bin/entrypoint`)),
    );
    expect(code).toBe(1);
    expect(stderr).toContain("extensions: missing: acme.hello@1.2.3");
    await isUntouched();
  });
});

describe("a gate that is killed", () => {
  let sound: string;
  beforeAll(async () => {
    sound = await derived("LABEL doom.test.sound=true");
  });

  const journal = () => readJournal(copy.project, stack, "code-server-1");

  /** Kills the gate as soon as its journal says so. */
  async function killAt(stage: Stage): Promise<void> {
    const run = startGate(sound);
    await run.until(() => (journal()?.stage === stage ? true : undefined));
    run.signal("SIGKILL");
    await run.result();
    expect(journal()?.stage).toBe(stage);
  }

  it.each<Stage>(["copying", "rehearsing"])(
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

  it("at stopping: the next one passes; the old image after it takes all back", async () => {
    await killAt("stopping");
    const { code, stderr, stdout } = await gate(sound);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ done: "upgrade" });
    expect(journal()).toMatchObject({ stage: "passed", to: { id: sound } });
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

  describe("is cut off", () => {
    let sound: string;
    const args = () => ["upgrade", stack, "--image", sound, "--watch", "600"];
    const journal = () => readJournal(copy.project, stack, "code-server-1");
    /** The run goes no further than this. */
    let run: DoomProcess;
    beforeAll(async () => {
      sound = await derived("LABEL doom.test.sound=again");
    });

    /** Kills the run with all that it has started, when the gate's journal says so. */
    async function killAt(stage: Stage): Promise<void> {
      await run.until(() => (journal()?.stage === stage ? true : undefined));
      // It would go on without the engine that has started it.
      const gate = JSON.parse(journal()?.owner as string).pid;
      const engines = findLocks(copy.project, stack).flatMap(({ judgement }) =>
        judgement.kind === "live" ? [judgement.pid] : [],
      );
      run.signal("SIGKILL");
      for (const pid of new Set([...engines, gate])) if (isAlive(pid)) process.kill(pid, "SIGKILL");
      await run.result();
      expect(journal()?.stage).toBe(stage);
    }

    it("between gate and replacement: another target is refused, the same one is finished", async () => {
      run = new DoomProcess(copy.root, args());
      await killAt("passed");
      const other = await runDoom(copy.root, ["upgrade", stack, "--to", "4.138.0"]);
      expect([other.code, other.stderr]).toEqual([9, expect.stringContaining("was cut off")]);
      run = new DoomProcess(copy.root, args());
      await run.until(() =>
        readCommand(copy.project, stack)?.stage === "watching" ? true : undefined,
      );
      expect((await waitForContainer(editor(), isHealthy)).Image).toBe(sound);
      expect(await readVolume(data(), "workspace/file", image)).toBe("work\n");
    });

    it("in the restore, when the new version ended while it was watched: the next run restores all", async () => {
      const file = path.join(copy.root, `Pulumi.${stack}.yaml`);
      const before = readCommand(copy.project, stack)?.stackFileBefore;
      await runIn(editor(), ["bash", "-c", "echo late >/config/workspace/file"], "1000:1000");
      await engine.getContainer(editor()).kill();
      await killAt("restoring");
      const { code, stderr } = await runDoom(copy.root, args());
      expect([code, stderr]).toEqual([8, expect.stringContaining("failed and was taken back")]);
      expect(stderr).toMatch(/with code 137|was started again/);
      expect((await waitForContainer(editor(), isHealthy)).Image).toBe(image);
      expect(readFileSync(file, "utf8")).toBe(before);
      expect(await readVolume(data(), "workspace/file", image)).toBe("work\n");
      const kept = /is kept in the volume (\S+)/.exec(stderr)?.[1] as string;
      expect(await readVolume(kept, "workspace/file", image)).toBe("late\n");
    });
  });
});

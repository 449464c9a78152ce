import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import type Docker from "dockerode";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SecretSearch } from "../../checks/secretSearch";
import { CHECKS, deepGate, type GateResult } from "../../operations/deepGate";
import { extensionsOf } from "../../operations/extensions";
import type { GateInput } from "../../operations/gateInput";
import { generatePassword } from "../../operations/secretGenerate";
import { runIn } from "../support/dockerHost";
import { faultyEditor, intoMode, type Mode } from "./fixtures/image/faultyEditor";
import { buildImage, ImageContainers, logsOf, SECRET_PATH } from "./fixtures/image/imageContainer";

/*
 * The deep gate on real containers: one that is sound, and for each check a fault that only this check
 * can see. Where a fault leaves the rest whole, the other checks have to pass.
 */
const containers = new ImageContainers();
let image: string;
let hash: string;

beforeAll(async () => {
  await containers.clear();
  ({ hash } = await generatePassword());
  image = await buildImage("code-server");
});
afterAll(() => containers.dispose());

async function gate(
  container: { id: string },
  changes: Partial<GateInput> = {},
): Promise<GateResult> {
  const result = await deepGate({
    container: container.id,
    loginHash: hash,
    extensions: [],
    timeoutSeconds: 60,
    uptimeSeconds: 0,
    ...changes,
  });
  expect(result.checks.map(({ name }) => name)).toEqual(CHECKS);
  expect(result.passed).toBe(result.checks.every(({ passed }) => passed));
  // Lines of the container only where there is something to find out.
  expect(result.log === undefined).toBe(result.passed);
  expect(hashIn(result)).toEqual([]);
  return result;
}

/** Where the hash stands in `value`, in whatever form. */
const hashIn = (value: unknown) =>
  new SecretSearch([{ name: "hash", value: hash }]).findIn(JSON.stringify(value));

/** The checks that failed, with what they saw. */
function failures({ checks }: GateResult): Record<string, string> {
  const failed = checks.filter(({ passed }) => !passed);
  return Object.fromEntries(failed.map(({ name, evidence }) => [name, evidence]));
}

/** What fails beside the container's own check when there is nobody to ask. */
const NOT_ASKED = Object.fromEntries(
  CHECKS.slice(1).map((name) => [name, "not asked, because the container does not serve"]),
);

describe("an editor that publishes nothing, on a network without a way in or out", () => {
  /** As an extension is installed: its folder, and an entry in the list, which the editor starts empty. */
  const INSTALL = `cd /config/extensions
    until [[ -e extensions.json && $(<extensions.json) == "[]" ]]; do sleep 0.1; done
    mkdir acme.hello-1.2.3
    echo '{"publisher":"acme","name":"hello","version":"1.2.3","engines":{"vscode":"*"}}' \\
      >acme.hello-1.2.3/package.json
    echo '[{"identifier":{"id":"acme.hello"},"version":"1.2.3","relativeLocation":"acme.hello-1.2.3",
      "location":{"$mid":1,"path":"/config/extensions/acme.hello-1.2.3","scheme":"file"}}]' >extensions.json`;
  const EXPECTED = { extensions: ["acme.hello@1.2.3"] };
  let editor: Docker.Container;

  const asUser = (script: string) => runIn(editor.id, ["bash", "-euc", script], "1000:1000");
  const asRoot = (script: string) => runIn(editor.id, ["bash", "-euc", script]);

  beforeAll(async () => {
    const volume = await containers.smallVolume(64);
    editor = await containers.startHealthy({
      image,
      environment: { FILE__HASHED_PASSWORD: SECRET_PATH, COOKIE_SUFFIX: "gate-1" },
      host: {
        NetworkMode: await containers.closedNetwork(),
        PortBindings: {},
        Mounts: [
          { Type: "volume", Source: volume, Target: "/config" },
          {
            Type: "bind",
            Source: containers.secretFile(hash),
            Target: SECRET_PATH,
            ReadOnly: true,
          },
        ],
      },
    });
    await asUser(INSTALL);
  });

  it("passes, and nobody who may look at containers sees the secret", async () => {
    const since = Math.floor(Date.now() / 1000);
    const input = { container: editor.id, loginHash: hash, uptimeSeconds: 3, ...EXPECTED };
    const { code, stdout, stderr } = await runAlone(input);
    expect(code, stderr + stdout).toBe(0);
    const result = JSON.parse(stdout) as GateResult;
    expect(failures(result)).toEqual({});
    expect(result).toMatchObject({ passed: true, checks: CHECKS.map((name) => ({ name })) });
    const events = await eventsOf(editor, since);
    expect(events).toContain("exec_create: ");
    expect(hashIn([events, await logsOf(editor), await editor.inspect()])).toEqual([]);
  });

  it("is left without a trace", async () => {
    const { checks } = await gate(editor, EXPECTED);
    expect(checks).toHaveLength(CHECKS.length);
    expect(await asUser("ls -A /config /config/data")).not.toContain(".doom-gate");
    // The programs that carried its connections end by themselves, a moment after these.
    const left = () => runIn(editor.id, ["pgrep", "--full", "^cat|/dev/tcp"]);
    await expect.poll(() => left().catch((error: Error) => error.message)).toContain("with 1: ");
  });

  it("has the extensions that the editor itself lists", async () => {
    const list = `code-server --extensions-dir /config/extensions --user-data-dir /tmp/other \\
      --list-extensions --show-versions 2>/dev/null`;
    const own = (await asUser(list)).split("\n").filter((line) => line.includes("@"));
    expect(own).toEqual(EXPECTED.extensions);
    expect(await extensionsOf(editor)).toEqual(own);
  });

  it("does not pass with another secret than its own", async () => {
    const { hash: loginHash } = await generatePassword();
    expect(failures(await gate(editor, { ...EXPECTED, loginHash }))).toEqual({
      workbench: "the login secret is not the one that the editor takes",
      websocket: "not asked, because there is no workbench",
    });
  });

  it("does not pass with other extensions than expected", async () => {
    const extensions = ["acme.hello@1.2.4", "acme.gone@1.0.0"];
    expect(failures(await gate(editor, { extensions }))).toEqual({
      extensions:
        "missing: acme.gone@1.0.0, missing: acme.hello@1.2.4, unexpected: acme.hello@1.2.3",
    });
  });

  /** What is done to the editor, how it is undone, and what the one check says that sees it. */
  const faults: [string, () => Promise<unknown>, () => Promise<unknown>, string, string][] = [
    [
      "an extension's files are gone",
      () => asUser("mv /config/extensions/acme.hello-1.2.3 /config/hello"),
      () => asUser("mv /config/hello /config/extensions/acme.hello-1.2.3"),
      "extensions",
      "listed, but without their files: acme.hello@1.2.3",
    ],
    [
      "the extensions belong to somebody else",
      () => asRoot("chown 0:0 /config/extensions; chmod 700 /config/extensions"),
      () => asRoot("chown 1000:1000 /config/extensions; chmod 755 /config/extensions"),
      "extensions",
      "/config/extensions: Permission denied",
    ],
    [
      "the volume is read-only",
      () => onMounts(editor, "mount --bind /config /config; mount -o remount,bind,ro /config"),
      () => onMounts(editor, "umount /config"),
      "volume",
      "Read-only file system",
    ],
    [
      "the volume is full",
      () => asUser("! head --bytes 128M /dev/zero >/config/filler 2>/dev/null"),
      () => asUser("rm /config/filler"),
      "volume",
      "No space left on device",
    ],
    [
      "the volume belongs to somebody else",
      () => asRoot("chown 0:0 /config/data"),
      () => asRoot("chown 1000:1000 /config/data"),
      "volume",
      "Permission denied",
    ],
  ];
  it.each(faults)("does not pass when %s", async (_title, harm, heal, check, evidence) => {
    await harm();
    try {
      expect(failures(await gate(editor, EXPECTED))).toEqual({
        [check]: expect.stringContaining(evidence),
      });
    } finally {
      await heal();
    }
  });

  it("does not pass while it hangs, and does not hold up whoever asks", async () => {
    await runIn(editor.id, ["pkill", "--signal", "STOP", "--full", "/opt/code-server"], "1000");
    try {
      const result = await gate(editor, { ...EXPECTED, timeoutSeconds: 4 });
      expect(failures(result)).toMatchObject({
        login: expect.stringMatching(/^no answer within \d\.\d s$/),
        workbench: "not asked, because the editor gave no answer",
        websocket: "not asked, because the editor gave no answer",
      });
    } finally {
      await runIn(editor.id, ["pkill", "--signal", "CONT", "--full", "/opt/code-server"], "1000");
    }
  });

  it("does not pass once it is stopped, and its last lines are shown", async () => {
    await editor.stop();
    const { code, stdout } = await runAlone({ container: editor.id, loginHash: hash, ...EXPECTED });
    expect(code).toBe(10);
    const result = JSON.parse(stdout) as GateResult;
    expect(failures(result)).toEqual({ container: "it is exited, with code 0", ...NOT_ASKED });
    expect(result.log?.join("\n")).toContain("Extension host agent started");
  });
});

describe("an editor that answers its health check", () => {
  let editor: Docker.Container;
  beforeAll(async () => {
    editor = await containers.startHealthy(faultyEditor(image, hash));
  });

  const volume = "nothing is mounted at /config: what is written is lost with the container";
  it.each<[string, Mode, Record<string, unknown>]>([
    ["and all else, but has no volume", "sound", {}],
    [
      "and nothing else",
      "broken",
      {
        login: "/ without a login answered 500 instead of the way to it",
        workbench: "/ with the login answered 500 instead of the workbench",
        websocket: "not asked, because there is no workbench",
      },
    ],
    ["and everybody", "open", { login: "/ without a login answered 200 instead of the way to it" }],
    [
      "but no WebSocket",
      "refusing",
      { websocket: "the WebSocket's upgrade was answered with 403 instead of 101" },
    ],
    [
      "but only pretends to know WebSockets",
      "unproven",
      { websocket: "Invalid Sec-WebSocket-Accept header" },
    ],
    [
      "but never opens a WebSocket",
      "hanging",
      { websocket: expect.stringMatching(/^no answer within \d\.\d s$/) },
    ],
    [
      "but says nothing through its WebSocket",
      "silent",
      {
        websocket: expect.stringMatching(/^silence of .* instead of an answer to VS Code's first/),
      },
    ],
    [
      "but closes its WebSocket",
      "closing",
      { websocket: expect.stringMatching(/^the WebSocket closed .* instead of an answer to VS/) },
    ],
  ])("%s", async (_title, mode, expected) => {
    await runIn(editor.id, intoMode(mode), "1000:1000");
    const timeoutSeconds = mode === "silent" || mode === "hanging" ? 5 : 60;
    expect(failures(await gate(editor, { timeoutSeconds }))).toEqual({ ...expected, volume });
  });
});

describe("a container that will not serve is given up at once:", () => {
  const MEBIBYTE = 1024 * 1024;
  it.each<[string, Docker.ContainerCreateOptions, Docker.HostConfig, string | RegExp]>([
    [
      "it ends again and again",
      { Entrypoint: ["false"] },
      { RestartPolicy: { Name: "always" } },
      /started again/,
    ],
    [
      "it needs more memory than it may have",
      { Entrypoint: ["tail", "/dev/zero"] },
      { Memory: 32 * MEBIBYTE, MemorySwap: 32 * MEBIBYTE },
      /because the memory limit was reached$/,
    ],
    [
      "its check fails",
      {
        Entrypoint: ["sleep", "infinity"],
        Healthcheck: {
          Test: ["CMD-SHELL", "echo nobody is home; exit 1"],
          Interval: 200_000_000,
          Timeout: 5_000_000_000,
          // Left out, the image's own minute would count.
          StartPeriod: 1_000_000,
          Retries: 1,
        },
      },
      {},
      /^it is unhealthy: nobody is home$/,
    ],
    [
      "it has no check",
      { Entrypoint: ["sleep", "infinity"], Healthcheck: { Test: ["NONE"] } },
      {},
      /^it has no health check$/,
    ],
  ])("%s", async (_title, options, host, evidence) => {
    const container = await containers.start({ image, options: { Cmd: [], ...options }, host });
    expect(failures(await gate(container))).toEqual({
      container: expect.stringMatching(evidence),
      ...NOT_ASKED,
    });
    await container.remove({ force: true });
  });

  it("there is none of that name", async () => {
    expect(failures(await gate({ id: "nowhere" }))).toEqual({
      container: "there is no container nowhere",
      ...NOT_ASKED,
    });
  });
});

it("a container whose check never passes is waited for only so long", async () => {
  const options = { Entrypoint: ["sleep", "infinity"], Cmd: [] };
  const container = await containers.start({ image, options });
  expect(failures(await gate(container, { timeoutSeconds: 2 }))).toMatchObject({
    container: "running, and its health check has not passed yet, after 2 s",
  });
});

it("a container that passes every check and then ends does not pass", async () => {
  const volume = await containers.smallVolume(64);
  const secret = containers.secretFile(hash);
  const container = await containers.start({
    image,
    environment: { FILE__HASHED_PASSWORD: SECRET_PATH },
    options: { Entrypoint: ["timeout", "6", "/usr/local/bin/entrypoint"], Cmd: [] },
    host: {
      Mounts: [
        { Type: "volume", Source: volume, Target: "/config" },
        { Type: "bind", Source: secret, Target: SECRET_PATH, ReadOnly: true },
      ],
    },
  });
  const seen = failures(await gate(container, { uptimeSeconds: 30 }));
  // On a slow machine it may end before it comes to the last check.
  expect(Object.values(seen)).toContain("it is exited, with code 124");
});

/** What the engine tells whoever may listen, from `since` (seconds) until now. */
async function eventsOf(container: Docker.Container, since: number): Promise<string> {
  const span = ["--since", `${since}`, "--until", "0s"];
  const filter = ["--filter", `container=${container.id}`];
  return (await promisify(execFile)("docker", ["events", ...span, ...filter])).stdout;
}

/** Changes the mounts of a running container behind its back: it has no right to do so itself. */
async function onMounts(container: Docker.Container, script: string): Promise<void> {
  const { State } = await container.inspect();
  const command = ["--target", `${State.Pid}`, "--mount", "--", "bash", "-euc", script];
  await promisify(execFile)("nsenter", command);
}

/** Runs the gate as a program of its own, compiled, with the input on its standard input. */
async function runAlone(
  input: Partial<GateInput>,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const program = path.resolve("bin/operations/deepGate.js");
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [program], (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
    child.stdin?.end(JSON.stringify(input));
  });
}

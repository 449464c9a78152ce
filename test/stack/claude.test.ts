import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dockerName } from "../../config/names";
import { claudeGate } from "../../operations/claudeGate";
import { engine, runIn } from "../support/dockerHost";
import { runDoom } from "../support/doomProcess";
import type { LiveEnvironment } from "../support/liveEnvironment";
import { createProjectCopy, type ProjectCopy } from "../support/projectCopy";

/*
 * One environment with Claude Code beside its editor: first without a key, then with one, from one real version
 * to another and back. The tests follow one life. Not proven here: that the service elsewhere takes a key.
 */
const [OLD, NEW] = ["2.1.326", "2.1.328"];
const KEY = "sk-ant-canary-0123456789-abcdefghij";
const USER = "1000:1000";
let copy: ProjectCopy;
let environment: LiveEnvironment;
let stack: string;
let derived: string | undefined;

const editor = () => dockerName(stack, "code-server", 1);
const claude = () => dockerName(stack, "claude", 1);
const inspected = (name: string) => engine.getContainer(name).inspect();
const doom = (...args: string[]) => runDoom(copy.root, args);
const inEditor = (script: string) => runIn(editor(), ["bash", "-euc", script], USER);
const inClaude = (script: string) =>
  runIn(claude(), ["bash", "-euc", `export HOME=/config; ${script}`], USER);
const stackFile = () => readFileSync(path.join(copy.root, `Pulumi.${stack}.yaml`), "utf8");
const version = async () => (await doom("claude", stack, "--", "--version")).stdout.trim();

async function succeeds(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await doom(...args);
  expect(code, stderr).toBe(0);
  return stdout;
}

/** What its health check said last. */
async function health(): Promise<string | undefined> {
  const { State } = await inspected(claude());
  return State.Health?.Log.at(-1)?.Output.trim();
}

beforeAll(async () => {
  copy = createProjectCopy();
  environment = await copy.addStack({ claude: { enabled: true, version: OLD } });
  stack = environment.stack;
  for (const command of ["init", "up"]) await succeeds(command, stack);
});
afterAll(async () => {
  await copy?.dispose();
  if (derived) await engine.getImage(derived).remove();
});

describe("without a key", () => {
  it("runs, says that there is none, and its program says so, too", async () => {
    expect(await health()).toBe(`${OLD}, no API key: see docs/claude.md`);
    const asked = await doom("claude", stack, "1", "--", "--version");
    expect([asked.code, asked.stdout]).toEqual([0, `${OLD} (Claude Code)\n`]);
    expect(asked.stderr).toContain(`doom secrets set ${stack} anthropic-api-key`);
    const refused = await doom("claude", stack, "--", "-p", "hello");
    expect([refused.code, refused.stdout]).toEqual([1, expect.stringContaining("/login")]);
  });

  it("works on the editor's files as the editor's user", async () => {
    await inEditor("echo work >/config/workspace/file; mkdir /config/workspace/project");
    await inClaude(
      "echo more >>/config/workspace/file; git init --quiet /config/workspace/project",
    );
    expect(
      await inEditor("cat /config/workspace/file; git -C /config/workspace/project status -s"),
    ).toBe("work\nmore\n");
  });

  it("is not to be had for an editor that there is not", async () => {
    const { code, stderr } = await doom("claude", stack, "2");
    expect([code, stderr]).toEqual([2, expect.stringContaining("has no editor 2")]);
  });
});

it("its gate and its health check tell a configuration that cannot be read", async () => {
  const found = async () =>
    (await claudeGate(claude())).checks.filter(({ passed }) => !passed).map(({ name }) => name);
  const check = () => runIn(claude(), ["bash", "-c", "healthcheck 0 || true"]);
  expect(await found()).toEqual([]);
  await inClaude("echo '{' >/claude/settings.json");
  expect(await found()).toEqual(["configuration"]);
  expect(await check()).toContain("settings.json is not JSON");
  await inClaude("rm /claude/settings.json");
  expect(await check()).toContain(OLD);
});

describe("the command in the editor's terminal", () => {
  it("opens it in the folder that one is in, and ends with the terminal", async () => {
    // At its very first start it asks its service, which an environment without a way out never reaches, and ends.
    await inClaude("echo '{\"hasCompletedOnboarding\":true}' >/claude/.claude.json");
    const exec = await engine.getContainer(editor()).exec({
      Cmd: ["claude"],
      User: USER,
      WorkingDir: "/config/workspace/project",
      Env: ["TERM=xterm-256color"],
      Tty: true,
      AttachStdin: true,
      AttachStdout: true,
    });
    const stream = await exec.start({ hijack: true, stdin: true, Tty: true });
    let shown = "";
    stream.on("data", (chunk: Buffer) => {
      shown += chunk.toString();
    });
    // It asks whether the folder is to be trusted, and waits.
    await expect.poll(() => shown, { timeout: 30_000 }).toContain("/config/workspace/project");
    const programs = () =>
      inClaude("ps -C claude -o stat= | grep --count --invert-match ^Z || true");
    expect(await programs()).toBe("1\n");
    await inEditor("pkill -HUP tmux");
    await expect.poll(programs, { timeout: 30_000 }).toBe("0\n");
    stream.destroy();
  });

  it("says what is missing without a terminal", async () => {
    const asked = () => inEditor('claude 2>&1 || echo "code $?"');
    expect(await asked()).toMatch(/needs a terminal[\s\S]*code 64/);
  });
});

describe("with a key", () => {
  it("refuses a bad one before anything changes, and does not show it", async () => {
    const before = stackFile();
    const { code, stderr } = await environment.run(
      process.execPath,
      ["bin/cli/main.js", "secrets", "set", stack, "anthropic-api-key"],
      `${KEY} \n`,
    );
    expect([code, stderr]).toEqual([3, expect.stringContaining("holds white space")]);
    expect(stderr).not.toContain("canary");
    expect(stackFile()).toBe(before);
  });

  it("has it from a file in memory and nowhere else", async () => {
    const id = (await inspected(editor())).Id;
    const { code, stdout, stderr } = await environment.run(
      process.execPath,
      ["bin/cli/main.js", "secrets", "set", stack, "anthropic-api-key"],
      `${KEY}\n`,
    );
    expect([code, stdout], stderr).toEqual([0, expect.stringContaining("is another one now")]);
    expect((await inspected(editor())).Id).toBe(id);
    expect(await health()).toBe(`${OLD}, with an API key`);
    expect(await inClaude("cat /run/claude/api-key")).toBe(KEY);
    const told = JSON.stringify(await inspected(claude())) + stackFile();
    expect(told).not.toContain(KEY);
    const processes = await inClaude("cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>&1 || true");
    expect(processes).not.toContain(KEY);
    const { secrets } = JSON.parse(await succeeds("verify", stack, "--secrets", "--json"));
    expect(secrets.join()).toContain("anthropic-api-key");
  });
});

describe("an upgrade", () => {
  /** A login and settings, the latter made by the program itself. */
  const LOGIN = `claude mcp add --scope user probe -- true
    echo '{"claudeAiOauth":{"accessToken":"canary"}}' >/claude/.credentials.json`;
  const state = () =>
    inClaude("jq -c .mcpServers /claude/.claude.json; cat /claude/.credentials.json");

  it("keeps login and settings, and leaves the editor alone", async () => {
    await inClaude(LOGIN);
    const [kept, { Id }] = [await state(), await inspected(editor())];
    expect(kept).toContain("probe");
    const text = await succeeds(
      ...["upgrade", stack, "--service", "claude", "--to", NEW as string, "--watch", "1"],
    );
    expect(text).toContain(`Claude Code 1: ${OLD} to ${NEW}`);
    expect(await version()).toBe(`${NEW} (Claude Code)`);
    expect(await state()).toBe(kept);
    expect(await inClaude("claude mcp get probe")).toContain("User config");
    expect((await inspected(editor())).Id).toBe(Id);
  });

  it("is taken back whole: version, configuration and data", async () => {
    await inClaude("echo later >/claude/later; claude mcp remove --scope user probe");
    const text = await succeeds("rollback", stack, "--service", "claude");
    for (const what of ["image of Claude Code 1", "configuration", "data of Claude Code 1"])
      expect(text).toContain(`proven  ${what}`);
    expect(await version()).toBe(`${OLD} (Claude Code)`);
    expect(await state()).toContain("probe");
    expect(await inClaude("ls /claude")).not.toContain("later");
    expect(await health()).toContain(OLD);
  });

  it("of the editor stops it for the last pass over the files that they share", async () => {
    const [before, { Image }] = [await inspected(claude()), await inspected(editor())];
    const build = promisify(execFile)("docker", ["build", "--quiet", "-"], {
      env: { ...process.env, DOCKER_BUILDKIT: "0" },
    });
    build.child.stdin?.end(`FROM ${Image}\nLABEL another=one\n`);
    derived = (await build).stdout.trim();
    await succeeds("upgrade", stack, "--image", derived, "--watch", "1");
    expect((await inspected(editor())).Image).toBe(derived);
    const after = await inspected(claude());
    expect([after.Id, after.State.Running]).toEqual([before.Id, true]);
    expect(after.State.StartedAt).not.toBe(before.State.StartedAt);
    expect(await version()).toBe(`${OLD} (Claude Code)`);
  });
});

it("leaves its volume when it is taken away, and the editor's command says where it went", async () => {
  environment.configure((value) => ({ ...value, claude: { enabled: false } }));
  await succeeds("up", stack);
  const containers = await engine.listContainers({ all: true, filters: { name: [claude()] } });
  expect(containers).toEqual([]);
  expect((await engine.getVolume(claude()).inspect()).Labels).toMatchObject({
    "doom.role": "claude",
  });
  expect(await inEditor('claude 2>&1 || echo "code $?"')).toMatch(
    /There is no Claude Code[\s\S]*code 69/,
  );
});

import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  containerIds,
  containersOf,
  isHealthy,
  networksOf,
  runIn,
  volumesOf,
} from "../support/dockerHost";
import { runDoom } from "../support/doomProcess";
import type { LiveEnvironment } from "../support/liveEnvironment";
import { createProjectCopy, type ProjectCopy } from "../support/projectCopy";

/*
 * One environment through `doom`, from `init` to `--purge`. The tests follow one life: each leaves
 * the environment as the next one expects it.
 */
let copy: ProjectCopy;
let environment: LiveEnvironment;
let stack: string;
let password: string;

const doom = (...args: string[]) => runDoom(copy.root, args);
const editor = () => `doom-${stack}-code-server-1`;

/** Runs a command that has to succeed and gives its document. */
async function json(...args: string[]) {
  const { code, stdout, stderr } = await doom(...args, "--json");
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

beforeAll(async () => {
  copy = createProjectCopy();
  environment = await copy.addStack();
  stack = environment.stack;
});
afterAll(() => copy?.dispose());

describe("doom init", () => {
  it("makes a passphrase that only its owner can read, and the stack", async () => {
    expect(await json("init")).toEqual({
      command: "init",
      result: "succeeded",
      stacks: [{ stack, created: true, passphraseMade: true }],
    });
    const file = path.join(copy.root, ".passphrases", stack);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(path.dirname(file)).mode & 0o777).toBe(0o700);
  });

  it("changes nothing the second time and never prints the passphrase", async () => {
    const file = path.join(copy.root, ".passphrases", stack);
    const before = readFileSync(file, "utf8");
    const { code, stdout, stderr } = await doom("init", stack);
    expect([code, stdout]).toEqual([0, `${stack} is there already.\n`]);
    expect(readFileSync(file, "utf8")).toBe(before);
    expect(stdout + stderr).not.toContain(before.trim());
  });
});

describe("doom up", () => {
  it("previews without creating anything", async () => {
    const { changed, changes, steps } = await json("preview", stack);
    expect(changed).toBe(true);
    expect(changes).toEqual({ create: steps.length });
    expect(await containersOf(stack)).toEqual([]);
    expect(await volumesOf(stack)).toEqual([]);
  });

  it("ends with the address, the password's command and what to do next", async () => {
    const { code, stdout, stderr } = await doom("up", stack);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(new RegExp(`^${stack} is up: \\d+ created in \\d+ s\\.\n`));
    expect(stdout).toContain(`  Open       http://127.0.0.1:${environment.port}/\n`);
    expect(stdout).toContain(`  Password   npx doom password ${stack}\n`);
    for (const next of ["open", "status", "preview", "down"]) {
      expect(stdout).toContain(`  npx doom ${next} ${stack} `);
    }
    expect(stderr).toContain(`created  Container ${editor()}`);
    expect((await containersOf(stack)).map(isHealthy)).toEqual([true, true]);
    const answer = await fetch(`http://127.0.0.1:${environment.port}/login`);
    expect(answer.status).toBe(200);
  });

  it("says the second time that nothing changed", async () => {
    const before = await containerIds(stack);
    const { code, stdout, stderr } = await doom("up", stack);
    expect(code).toBe(0);
    expect(stdout).toMatch(`${stack} is up to date: nothing changed.\n`);
    // The preview has shown that there is nothing to do, so nothing is done.
    expect(stderr).not.toContain("bringing up");
    expect(await containerIds(stack)).toEqual(before);
  });

  it("applies a change and names what made it necessary", async () => {
    const before = await containerIds(stack);
    environment.configure((value) => ({
      ...value,
      resources: { cpus: 0.5, memory: "640MiB", storage: "256MiB" },
    }));
    const { steps } = await json("preview", stack);
    expect(steps).toMatchObject([
      { operation: "replace", type: "Command", name: "environment-configuration-check" },
      { operation: "update", type: "Container", name: editor() },
      { operation: "replace", type: "Command", name: "environment-verification-verify" },
    ]);
    expect(steps[1].because).toContain("memory");
    expect(await json("up", stack)).toMatchObject({
      changed: true,
      changes: { update: 1, replace: 2 },
    });
    expect(await containerIds(stack)).toEqual(before);
  });

  it("brings back what was stopped and removed behind its back", async () => {
    const [first, second] = await containersOf(stack);
    await runDocker("rm", "-f", first?.Name.slice(1) as string);
    await runDocker("stop", "-t", "1", second?.Name.slice(1) as string);
    expect((await doom("status", stack)).code).toBe(10);
    const { notes } = await json("up", stack);
    expect(notes).toHaveLength(2);
    expect((await containersOf(stack)).map(isHealthy)).toEqual([true, true]);
  });
});

describe("doom status and doom password", () => {
  it("reports each container's health and the address", async () => {
    const { environment: status } = await json("status", stack);
    expect(status).toEqual({
      stack,
      condition: "healthy",
      url: `http://127.0.0.1:${environment.port}/`,
      containers: [
        { name: editor(), role: "code-server", state: "running", health: "healthy" },
        { name: `doom-${stack}-gateway`, role: "gateway", state: "running", health: "healthy" },
      ],
      volumes: [`doom-${stack}-data-1`],
      resting: [],
      notes: [],
    });
    const { environments } = await json("status");
    expect(environments).toEqual([
      {
        ...status,
        editors: { healthy: 1, all: 1 },
        version: "4.139.1",
        tier: "local",
        memory: { usedMebibytes: expect.any(Number), limitMebibytes: 640 + 128 },
      },
    ]);
    expect(environments[0].memory.usedMebibytes).toBeGreaterThan(10);
    expect((await doom("status")).stdout).toMatch(
      new RegExp(
        `\\n${stack}  healthy  1/1 +4\\.139\\.1  local  \\d+ of 768 MiB  http://127.0.0.1:`,
      ),
    );
  });

  it("prints the password alone, and it opens the editor", async () => {
    const { code, stdout } = await doom("password", stack);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^[\w-]{32}\n$/);
    password = stdout.trim();
    const login = await fetch(`http://127.0.0.1:${environment.port}/login`, {
      method: "POST",
      body: new URLSearchParams({ password }),
      redirect: "manual",
    });
    expect(login.status).toBe(302);
    expect(login.headers.get("set-cookie")).toContain("code-server-session");
  });

  it("knows how many editors there are", async () => {
    const { code, stdout, stderr } = await doom("password", stack, "2");
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(`${stack} has no editor "2".\nFix: its editors are 1`);
  });
});

describe("doom open", () => {
  const url = () => `http://127.0.0.1:${environment.port}/`;
  // Without a display, so that a browser of this machine has no say.
  const displays = {
    DISPLAY: "",
    WAYLAND_DISPLAY: "",
    WSL_DISTRO_NAME: "",
    XDG_CURRENT_DESKTOP: "",
  };
  const nothing = { ...displays, CI: "", BROWSER: "" };

  it("hands the address to the user's browser, and nothing else", async () => {
    const [browser, opened] = ["browser", "opened"].map((name) => path.join(copy.root, name));
    const script = `#!/bin/sh\nprintf '%s\\n' "$@" >>"${opened}"\n`;
    writeFileSync(browser as string, script, { mode: 0o755 });
    const variables = { ...nothing, BROWSER: browser as string };
    const { code, stdout, stderr } = await runDoom(copy.root, ["open", stack, "1"], variables);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toBe(`opened ${url()}\n  password: npx doom password ${stack} 1\n`);
    expect(readFileSync(opened as string, "utf8")).toBe(`${url()}\n`);
  });

  it.each([
    ["without a display", nothing, /^not opened: .*display/],
    [
      "with a browser that does not start",
      { ...nothing, BROWSER: "/bin/false" },
      /^not opened: no browser could be started/,
    ],
    [
      "in a CI job",
      { ...nothing, CI: "true", BROWSER: "/bin/true" },
      /^not opened: this is a CI job/,
    ],
  ])("prints the address %s, and how to get there", async (_title, variables, reason) => {
    const { code, stdout, stderr } = await runDoom(copy.root, ["open", stack], variables);
    expect([code, stdout]).toEqual([0, `${url()}\n`]);
    expect(stderr).toMatch(reason);
    expect(stderr).toContain(`ssh -L ${environment.port}:127.0.0.1:${environment.port}`);
  });

  it("prints it on request, and has no editor that is not there", async () => {
    expect(await doom("open", stack, "--print")).toMatchObject({ code: 0, stdout: `${url()}\n` });
    expect(await json("open", stack, "--print")).toMatchObject({ url: url(), opened: false });
    const { code, stderr } = await doom("open", stack, "2");
    expect([code, stderr]).toEqual([
      2,
      `error: ${stack} has no editor "2".\nFix: its editors are 1\n`,
    ]);
  });

  it("gives no code to phones that cannot reach it", async () => {
    const { code, stdout, stderr } = await doom("open", stack, "--qr");
    expect([code, stdout]).toEqual([3, ""]);
    expect(stderr).toContain(`No phone reaches ${stack}: http://127.0.0.1:${environment.port} is`);
  });
});

describe("doom diagnose", () => {
  it("makes nothing when it cannot know what the secrets are", async () => {
    const before = readdirSync(copy.root);
    const none = { PULUMI_CONFIG_PASSPHRASE_FILE: path.join(copy.root, "nowhere") };
    const { code, stderr } = await runDoom(copy.root, ["diagnose", stack], none);
    expect(code, stderr).toBe(4);
    expect(readdirSync(copy.root)).toEqual(before);
  });

  it("writes where it can only", async () => {
    const { code, stderr } = await doom("diagnose", stack, "--out", "nowhere/bundle.tar.gz");
    expect(code).toBe(2);
    expect(stderr).toMatch(/The bundle cannot be written: the folder .*nowhere does not exist/);
  });
});

describe("doom down", () => {
  it("removes everything but the data and the password that opens it", async () => {
    await runIn(editor(), ["sh", "-c", "echo precious > /config/precious"]);
    const { kept } = await json("down", stack);
    expect(kept).toEqual([`doom-${stack}-data-1`]);
    expect(await containersOf(stack)).toEqual([]);
    expect(await networksOf(stack)).toEqual([]);
    expect((await volumesOf(stack)).map(({ Name }) => Name)).toEqual(kept);
    const { environment: status } = JSON.parse((await doom("status", stack, "--json")).stdout);
    expect(status.condition).toBe("down");
    const { environments } = await json("status");
    expect(environments).toMatchObject([
      { stack, condition: "down", editors: { healthy: 0, all: 1 }, version: "4.139.1" },
    ]);
    const { code, stdout, stderr } = await doom("open", stack);
    expect([code, stdout, stderr]).toEqual([
      10,
      "",
      `error: ${stack} is down.\nFix: npx doom up ${stack}\n`,
    ]);
  });

  it("can be run again", async () => {
    expect((await doom("down", stack)).stdout).toMatch(`${stack} is down: nothing changed.`);
  });

  it("is taken back by the next up, data and password included", async () => {
    await json("up", stack);
    expect(await runIn(editor(), ["cat", "/config/precious"])).toContain("precious");
    expect((await doom("password", stack)).stdout.trim()).toBe(password);
  });

  it("does not delete data without being told twice", async () => {
    const { code, stderr } = await doom("down", stack, "--purge");
    expect(code).toBe(2);
    expect(stderr).toContain("add --yes if you are sure");
    expect((await containersOf(stack)).map(isHealthy)).toEqual([true, true]);
  });

  it("deletes the data with --purge --yes, and the next up begins anew", async () => {
    const { deletedVolumes } = await json("down", stack, "--purge", "--yes");
    expect(deletedVolumes).toEqual([`doom-${stack}-data-1`]);
    expect(await volumesOf(stack)).toEqual([]);
    await json("up", stack);
    await expect(runIn(editor(), ["cat", "/config/precious"])).rejects.toThrow("No such file");
    expect((await doom("password", stack)).stdout.trim()).not.toBe(password);
  });
});

async function runDocker(...args: string[]): Promise<void> {
  const { code, stderr } = await environment.run("docker", args);
  expect(code, stderr).toBe(0);
}

import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { engine } from "../support/dockerHost";
import { processesIn, SetupCopy } from "../support/setupCopy";

/** What stops the set-up, and what it says then: always the step, the reason and what to do. */
describe("set-up that cannot go on", () => {
  let copy: SetupCopy;
  beforeAll(async () => {
    copy = new SetupCopy();
    copy.copyEngine();
    expect(await copy.setup("start")).toMatchObject({ code: 0, stderr: "" });
  });
  afterAll(() => copy.dispose());

  test.each([[[]], [["nonsense"]], [["start", "test"]], [["start", "--force"]]])(
    "wrong usage %j: the usage, and nothing else",
    async (words) => {
      const before = copy.snapshot();
      const { code, stdout, stderr } = await copy.start("setup", words).ended;
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toMatch(/^usage: node toolchain\/setup\.mjs start\|test\|check\|bench/);
      expect(copy.snapshot()).toEqual(before);
    },
  );

  test("no package registry: npm's own reason, no success, and the next run completes", async () => {
    const lock = copy.path("package-lock.json");
    const original = readFileSync(lock, "utf8");
    writeFileSync(lock, `${original}\n`);
    const offline = {
      npm_config_registry: "http://127.0.0.1:9",
      npm_config_cache: copy.path("..", "empty-npm-cache"),
      npm_config_fetch_retries: "0",
    };
    const { code, stderr } = await copy.setup("check", offline);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^set-up: step "dependencies" failed after .+: `npm ci .+` ended with code/m,
    );
    expect(stderr).toContain("ECONNREFUSED");
    expect(stderr).toMatch(/^what to do: .+/m);
    expect((await copy.doctor()).sick).toContain("dependencies");
    writeFileSync(lock, original);
    expect(await copy.setup("start")).toMatchObject({ code: 0, stderr: "" });
    expect((await copy.doctor()).sick).toEqual([]);
  });

  test("no daemon at DOCKER_HOST: nothing is installed or started instead", async () => {
    const DOCKER_HOST = "unix:///nonexistent/docker.sock";
    const { code, stderr } = await copy.setup("start", { DOCKER_HOST });
    expect(code).toBe(1);
    expect(stderr).toMatch(/step "docker" failed after \d+\.\d s: /);
    expect(stderr).toContain(`the daemon at ${DOCKER_HOST} cannot be used: nobody listens there`);
    expect(stderr).toContain("what to do: start that daemon, or unset DOCKER_HOST");
    expect(readFileSync(copy.path("reports", "setup.log"), "utf8")).not.toContain("apt-get");
  });

  test("a Docker that is too old: found and needed API, and the fix", async () => {
    const server = createServer((_, response) =>
      response.end(JSON.stringify({ Version: "19.03.15", ApiVersion: "1.40" })),
    );
    const socket = copy.path("..", "old.sock");
    await listen(server, socket);
    const { code, stderr } = await copy.setup("start", { DOCKER_HOST: `unix://${socket}` });
    server.close();
    expect(code).toBe(1);
    expect(stderr).toContain("Docker 19.03.15 speaks API 1.40, 1.41 is needed");
    expect(stderr).toContain("what to do: update Docker Engine to 20.10 or later");
  });

  test("a daemon that hangs: said within seconds", async () => {
    const server = createServer(() => undefined);
    const socket = copy.path("..", "hanging.sock");
    await listen(server, socket);
    const { code, stderr, seconds } = await copy.setup("start", {
      DOCKER_HOST: `unix://${socket}`,
    });
    server.closeAllConnections();
    server.close();
    expect(code).toBe(1);
    expect(stderr).toContain("cannot be used: no answer within 5 s");
    expect(seconds).toBeLessThan(60);
  });

  test("no disk for the engine: the folder, the need and the bytes free", async ({ skip }) => {
    skip(process.getuid?.() !== 0, "only root can mount a small file system");
    const small = copy.path("..", "small");
    mkdirSync(small);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", small]);
    try {
      const { code, stderr } = await copy.setup("start", { PULUMI_HOME: small });
      expect(code).toBe(1);
      expect(stderr).toMatch(/step "engine" failed after .+: not enough disk space: /);
      expect(stderr).toContain(`${small} (engine and plugins: 700 MB)`);
      expect(stderr).toMatch(/8\.4 MB \(\d+ bytes\) are free/);
      expect(stderr).toMatch(/^what to do: free 69\d MB or more there/m);
      expect(readdirSync(small)).toEqual(["doom-coding"]);
    } finally {
      execFileSync("umount", [small]);
    }
  });

  test("a PULUMI_HOME that cannot be written", async () => {
    const { code, stderr } = await copy.setup("start", { PULUMI_HOME: "/dev/null/pulumi" });
    expect(code).toBe(1);
    expect(stderr).toMatch(/step "engine" failed .+\/dev\/null\/pulumi/);
  });

  test("killed while it makes the base image: the next run makes it, and no half of it stays", async () => {
    const versions = copy.path("toolchain", "versions.json");
    const original = readFileSync(versions, "utf8");
    const changed = JSON.parse(original);
    changed.base.revision = 900_000 + (process.pid % 90_000);
    const tag = `doom-coding/base:${changed.base.suite}-r${changed.base.revision}`;
    writeFileSync(versions, JSON.stringify(changed));
    const workFolders = () =>
      readdirSync(tmpdir()).filter((name) => name.startsWith("doom-coding-base-"));
    const others = workFolders();
    try {
      await copy.killSetup("start", () => workFolders().length > others.length);
      expect((await copy.doctor()).sick).toContain("base image");
      expect(await copy.setup("start")).toMatchObject({ code: 0, stderr: "" });
      expect((await engine.getImage(tag).inspect()).RepoTags).toEqual([tag]);
      expect(workFolders().filter((name) => !others.includes(name))).toEqual([]);
      expect(processesIn(copy.root)).toEqual([]);
    } finally {
      writeFileSync(versions, original);
      await engine.getImage(tag).remove();
    }
  });
});

function listen(server: Server, socket: string): Promise<void> {
  return new Promise((resolve) => server.listen(socket, resolve));
}

import { execFileSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import http from "node:http";
import { createServer, type Server } from "node:net";
import { hostname } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { dockerAddress } from "../../operations/dockerHost";
import { lockFolder, statePath } from "../../operations/stateFiles";
import { containersOf, engine, networksOf, volumesOf } from "../support/dockerHost";
import { runDoom } from "../support/doomProcess";
import type { EnvironmentValue, LiveEnvironment, RunResult } from "../support/liveEnvironment";
import { createProjectCopy, type ProjectCopy } from "../support/projectCopy";

/*
 * What `doom up` says to inputs and hosts that cannot work. Each gets one message with its fix and an
 * exit code of its kind, and leaves nothing on the Docker host. No case starts the engine.
 */
let copy: ProjectCopy;
let environment: LiveEnvironment;
let stack: string;
/** Files that cases change, as they were. */
let originals: Map<string, Buffer>;
/** What a case has to take back, last first. */
let undo: (() => unknown)[] = [];

const passphrase = () => path.join(copy.root, ".passphrases", stack);
const stackFile = () => path.join(copy.root, `Pulumi.${stack}.yaml`);
const state = () => statePath(copy.project, stack);
const change = (changes: EnvironmentValue) =>
  environment.configure((value) => ({ ...value, ...changes }));

beforeAll(async () => {
  copy = createProjectCopy();
  environment = await copy.addStack();
  stack = environment.stack;
  const { code, stderr } = await runDoom(copy.root, ["init"]);
  expect(code, stderr).toBe(0);
  originals = new Map(
    [passphrase(), stackFile(), state()].map((file) => [file, readFileSync(file)]),
  );
});
afterEach(async () => {
  for (const step of undo.reverse()) await step();
  undo = [];
  for (const [file, content] of originals) {
    rmSync(file, { recursive: true, force: true });
    writeFileSync(file, content, { mode: 0o600 });
  }
  rmSync(lockFolder(copy.project, stack), { recursive: true, force: true });
});
afterAll(() => copy?.dispose());

/** Runs `doom up`, which has to fail with `code`, and proves that it left nothing. */
async function refused(
  code: number,
  variables: Record<string, string> = {},
  args = ["up", stack],
): Promise<RunResult> {
  const result = await runDoom(copy.root, args, variables);
  expect(result.code, result.stderr).toBe(code);
  expect(result.stdout).toBe("");
  expect(result.stderr).not.toMatch(/\n\s+at .*:\d+:\d+/);
  for (const things of [containersOf, networksOf, volumesOf]) {
    expect(await things(stack)).toEqual([]);
  }
  return result;
}

describe("names", () => {
  it("lists the known stacks for an unknown one", async () => {
    const { stderr } = await refused(2, {}, ["up", "nowhere"]);
    expect(stderr).toContain(
      `error: There is no stack nowhere: Pulumi.nowhere.yaml does not exist.\nFix: the stacks of this project are ${stack}\n`,
    );
  });

  it.each(["../prod", "Prod", "prod ", "prod\n", "__proto__", "prоd", "a".repeat(256)])(
    "refuses the name %j",
    async (name) => {
      const { stderr } = await refused(2, {}, ["up", name]);
      expect(stderr).toContain("stack name: got");
    },
  );

  it("takes what looks like an option for wrong usage", async () => {
    expect((await refused(2, {}, ["up", "-rf"])).stderr).toContain("unknown option '-rf'");
    expect((await refused(2, {}, ["up"])).stderr).toContain("missing required argument 'stack'");
  });

  it("says under --json what went wrong, as one document", async () => {
    const { code, stdout } = await runDoom(copy.root, ["up", "nowhere", "--json"]);
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toEqual({
      command: "up",
      stack: "nowhere",
      result: "failed",
      exitCode: 2,
      error: {
        kind: "usage",
        message: "There is no stack nowhere: Pulumi.nowhere.yaml does not exist.",
        fix: `the stacks of this project are ${stack}`,
      },
    });
  });
});

describe("the stack file", () => {
  it("names file, line and column of broken YAML", async () => {
    writeFileSync(stackFile(), "config:\n  doom-coding:environment:\n    a: 1\n    a: 2\n");
    const { stderr } = await refused(3);
    expect(stderr).toContain(`Pulumi.${stack}.yaml:4:5: the key stands twice`);
  });

  it("names the full path of every bad value", async () => {
    change({ instances: 0, access: { tier: "local", port: 80 } });
    const { stderr } = await refused(3);
    expect(stderr).toContain("doom-coding:environment.instances: got 0 (number)");
    expect(stderr).toContain("doom-coding:environment.access.port: got 80 (number)");
  });

  it("asks to create a stack that does not exist yet", async () => {
    unlinkSync(state());
    const { stderr } = await refused(3);
    expect(stderr).toContain(`has not been created yet.\nFix: npx doom init ${stack}`);
  });
});

describe("the passphrase", () => {
  it.each([
    ["missing", () => unlinkSync(passphrase()), "does not exist"],
    ["empty", () => writeFileSync(passphrase(), ""), "is empty"],
    ["wrong", () => writeFileSync(passphrase(), "wrong\n"), "is not the passphrase of"],
    ["readable by others", () => chmodSync(passphrase(), 0o644), "other users (mode 0644)"],
    [
      "a folder",
      () => {
        unlinkSync(passphrase());
        mkdirSync(passphrase());
      },
      "is a folder",
    ],
    [
      "a pipe",
      () => {
        unlinkSync(passphrase());
        execFileSync("mkfifo", ["-m", "600", passphrase()]);
      },
      "is not a regular file",
    ],
  ])("is refused when it is %s", async (_name, prepare, message) => {
    prepare();
    const { stderr } = await refused(4);
    expect(stderr).toContain(message);
    expect(stderr).toContain(`.passphrases/${stack}`);
    expect(stderr).toContain("Fix: ");
  });

  it("is refused when it is exported but empty, and when another one is exported", async () => {
    expect((await refused(4, { PULUMI_CONFIG_PASSPHRASE: "" })).stderr).toContain(
      "PULUMI_CONFIG_PASSPHRASE is exported but empty",
    );
    expect((await refused(4, { PULUMI_CONFIG_PASSPHRASE: "hunter2hunter2" })).stderr).toMatch(
      /^error: PULUMI_CONFIG_PASSPHRASE is not the passphrase of/m,
    );
  });
});

describe("the engine", () => {
  it("may not be missing", async () => {
    const { stderr } = await refused(7, { PULUMI_HOME: path.join(copy.root, "nowhere") });
    expect(stderr).toMatch(/The Pulumi engine \S+ is not in .*\nFix: run `npm start` once/);
  });
});

describe("the Docker host", () => {
  it("may not be missing", async () => {
    const { stderr } = await refused(6, { DOCKER_HOST: "unix:///nowhere.sock" });
    expect(stderr).toContain("Docker is not running: nothing answers on unix:///nowhere.sock.");
  });

  it("may not hang", async () => {
    const socket = path.join(copy.root, "docker.sock");
    const silent = await listen({ path: socket });
    undo.push(() => silent.close());
    const { stderr } = await refused(6, { DOCKER_HOST: `unix://${socket}` });
    expect(stderr).toContain(
      `Docker on unix://${socket} does not answer within 15 s, or broke off.`,
    );
  });

  it("may not speak an API that is not supported", async () => {
    const socket = path.join(copy.root, "docker.sock");
    const old = await listen({ path: socket }, engineOfApi("1.40"));
    undo.push(() => old.close());
    const { stderr } = await refused(6, { DOCKER_HOST: `unix://${socket}` });
    expect(stderr).toMatch(
      /Docker \S+: Docker API 1\.40 is not supported; install Docker Engine 20\.10 or newer; allowed: >=1\.41 /,
    );
  });

  it("must have room on its disk", async () => {
    change({ resources: { cpus: 0.5, memory: "512MiB", storage: "65536GiB" } });
    const { stderr } = await refused(6);
    expect(stderr).toMatch(/not enough disk in \S+: \d+\.\d GiB free, 65536\.5 GiB needed/);
  });

  it("must have the CPUs of each editor, and what all environments on it may take together", async () => {
    const { NCPU, MemTotal } = (await engine.info()) as { NCPU: number; MemTotal: number };
    const memory = `${Math.ceil(MemTotal / 1024 ** 3)}GiB`;
    change({ resources: { cpus: NCPU + 1, memory, storage: "2GiB" } });
    const { stderr } = await refused(6);
    expect(stderr).toContain(
      `resources.cpus is ${NCPU + 1}, but the Docker host has ${NCPU}; set it to ${NCPU} or less in Pulumi.${stack}.yaml`,
    );
    expect(stderr).toMatch(
      /not enough memory: \d+\.\d GiB would be promised, the host has \d+\.\d GiB, and capacity\.overcommit\.memory 1 allows/,
    );
  });

  it("may not be promised more often than allowed, over the environments of all projects", async () => {
    const { NCPU } = (await engine.info()) as { NCPU: number };
    const other = `${stack}-other`;
    const container = await engine.createContainer({
      name: other,
      Image: baseImage(),
      Labels: { "doom.stack": other },
      HostConfig: { NanoCpus: NCPU * 1e9 },
    });
    undo.push(() => container.remove());
    change({ capacity: { overcommit: { memory: 100, cpus: 0.1 } } });
    const { stderr } = await refused(6);
    expect(stderr).toMatch(/not enough CPUs: .* capacity\.overcommit\.cpus 0\.1 allows/);
    expect(stderr).toContain(`${other} ${NCPU}`);
    expect(stderr).not.toContain("not enough memory");
  });

  it("may not have a volume of that name that somebody else made", async () => {
    const name = `doom-${stack}-data-1`;
    await engine.createVolume({ Name: name });
    undo.push(() => engine.getVolume(name).remove());
    const { stderr } = await refused(6);
    expect(stderr).toContain(`the volume ${name} exists, but does not carry`);
  });

  it("must have the volume that an editor is to be seeded from, and nobody else's", async () => {
    const name = `${stack}-seed`;
    change({ seed: { "code-server-1": { volume: name } } });
    expect((await refused(6)).stderr).toContain(`there is no volume ${name} on the Docker host`);
    await engine.createVolume({ Name: name, Labels: { "doom.stack": "other" } });
    undo.push(() => engine.getVolume(name).remove());
    expect((await refused(6)).stderr).toContain(`the volume ${name} belongs to other`);
  });

  it("may not use the addresses already", async () => {
    const subnet = environment.cidr.replace("0/24", "128/25");
    const name = `${stack}-foreign`;
    const network = await engine.createNetwork({
      Name: name,
      IPAM: { Config: [{ Subnet: subnet }] },
    });
    undo.push(() => network.remove());
    const { stderr } = await refused(6);
    expect(stderr).toContain(`${environment.cidr} overlaps ${subnet}, used by the Docker network`);
    expect(stderr).toMatch(/to a free range, such as 10\.\d+\.\d+\.0\/24/);
  });
});

describe("the port", () => {
  it("may not be taken by a process, which is named", async () => {
    const server = await listen({ port: environment.port, host: "127.0.0.1" });
    undo.push(() => server.close());
    const { stderr } = await refused(6);
    expect(stderr).toMatch(
      new RegExp(
        `port ${environment.port} of 127\\.0\\.0\\.1 is taken by .* \\(pid ${process.pid}\\);`,
      ),
    );
  });

  it("may not be taken by a container, which is named", async () => {
    const name = `foreign-${stack}`;
    const container = await engine.createContainer({
      name,
      Image: baseImage(),
      Cmd: ["sleep", "300"],
      ExposedPorts: { "8443/tcp": {} },
      HostConfig: {
        PortBindings: {
          "8443/tcp": [{ HostIp: "127.0.0.1", HostPort: String(environment.port) }],
        },
      },
    });
    undo.push(() => container.remove({ force: true }));
    await container.start();
    const { stderr } = await refused(6);
    expect(stderr).toContain(`is taken by the container ${name}; stop it (docker stop ${name})`);
  });

  it("may not be that of another stack file", async () => {
    const file = path.join(copy.root, "Pulumi.other.yaml");
    cpSync(stackFile(), file);
    undo.push(() => unlinkSync(file));
    const { stderr } = await refused(6);
    expect(stderr).toContain(`port ${environment.port} is also that of the stack other`);
    expect(stderr).toContain(
      `${environment.cidr} overlaps ${environment.cidr}, used by the stack other`,
    );
  });
});

describe("the state", () => {
  it("may not miss its folder", async () => {
    const folder = copy.project.stateFolder;
    renameSync(folder, `${folder}.away`);
    undo.push(() => renameSync(`${folder}.away`, folder));
    const { stderr } = await refused(9);
    expect(stderr).toContain(`The state folder ${folder} does not exist.\nFix: create it: mkdir`);
  });

  it.runIf(process.getuid?.() === 0)("may not be read-only", async () => {
    const folder = copy.project.stateFolder;
    execFileSync("mount", ["--bind", folder, folder]);
    undo.push(() => execFileSync("umount", [folder]));
    execFileSync("mount", ["-o", "remount,bind,ro", folder]);
    const { stderr } = await refused(9);
    expect(stderr).toContain("lies on a read-only file system.\nFix: mount it writable");
  });

  it.each(["", '{"version":3,"checkpoint":{"sta'])("may not be cut off to %j", async (text) => {
    const good = readFileSync(state());
    writeFileSync(`${state()}.bak`, good);
    writeFileSync(state(), text);
    const { stderr } = await refused(9);
    expect(stderr).toContain(`Fix: restore the last good copy: cp ${state()}.bak ${state()}`);
    expect(readFileSync(state(), "utf8")).toBe(text);
  });

  it.each([
    ["another host's", { hostname: "elsewhere", pid: 1 }, "Another host's run holds"],
    ["a living process's", { hostname: hostname(), pid: process.pid }, `pid ${process.pid} of`],
  ])("may not be held by %s lock", async (_name, holder, message) => {
    const file = putLock(JSON.stringify({ ...holder, username: "ada", timestamp: new Date() }));
    expect((await refused(5)).stderr).toContain(message);
    expect(readFileSync(file, "utf8")).not.toBe("");
  });

  it("may not be held by a damaged lock, which stays", async () => {
    const file = putLock("");
    expect((await refused(5)).stderr).toContain(`remove it: rm ${file}`);
    expect(readFileSync(file, "utf8")).toBe("");
  });
});

function putLock(text: string): string {
  const file = path.join(lockFolder(copy.project, stack), "0.json");
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

function baseImage(): string {
  const file = path.join(copy.root, "toolchain", "versions.json");
  const { base } = JSON.parse(readFileSync(file, "utf8"));
  return `doom-coding/base:${base.suite}-r${base.revision}`;
}

function listen(
  place: { path: string } | { port: number; host: string },
  server: Server = createServer(),
): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(place, () => resolve(server));
  });
}

/** The answers of the real engine, which here says of itself that it speaks another API. */
function engineOfApi(ApiVersion: string): Server {
  return http.createServer(async ({ url, headers }, response) => {
    if (url === "/version") {
      response.end(JSON.stringify({ ...(await engine.version()), ApiVersion }));
      return;
    }
    const socketPath = dockerAddress().replace("unix://", "");
    http.get({ socketPath, path: url, headers }, (answer) => answer.pipe(response));
  });
}

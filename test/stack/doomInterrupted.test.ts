import { execFileSync } from "node:child_process";
import {
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { findLocks } from "../../operations/locks";
import { lockFolder, readState, statePath } from "../../operations/stateFiles";
import {
  containerIds,
  containersOf,
  engine,
  isHealthy,
  networksOf,
  runIn,
  volumesOf,
} from "../support/dockerHost";
import { DockerProxy } from "../support/dockerProxy";
import { DoomProcess, runDoom } from "../support/doomProcess";
import type { LiveEnvironment } from "../support/liveEnvironment";
import {
  createProjectCopy,
  type ProjectCopy,
  removeContainersAndNetworks,
  removeFromDocker,
} from "../support/projectCopy";

/*
 * `doom up` that is killed, or that meets another one. Whatever was interrupted, the next `up` has to
 * converge to the same environment with the same data, and to touch nothing of anybody else's.
 */
let copy: ProjectCopy;
let environment: LiveEnvironment;
let stack: string;
/** A stack whose name begins like ours: everything of it must survive. */
let neighbour: string;
let neighbourContainer: string;

const doom = (...args: string[]) => runDoom(copy.root, args);
const editor = () => `doom-${stack}-code-server-1`;

/** The engine that holds the stack at this moment. */
function enginePid(): number | undefined {
  for (const { judgement } of findLocks(copy.project, stack)) {
    if (judgement.kind === "live") return judgement.pid;
  }
  return undefined;
}

async function converges(): Promise<string> {
  const stderr = await comesUp();
  const again = await doom("up", stack);
  expect(again.stdout).toContain("nothing changed");
  return stderr;
}

/** Without the proof that nothing is left to do, which takes another run. */
async function comesUp(): Promise<string> {
  const { code, stderr } = await doom("up", stack);
  expect(code, stderr).toBe(0);
  const containers = await containersOf(stack);
  expect(containers.map(({ Name }) => Name)).toEqual([`/${editor()}`, `/doom-${stack}-gateway`]);
  expect(containers.map(isHealthy)).toEqual([true, true]);
  expect((await networksOf(stack)).map(({ Name }) => Name)).toEqual(
    ["edge", "egress", "internal"].map((role) => `doom-${stack}-${role}`),
  );
  expect((await volumesOf(stack)).map(({ Name }) => Name)).toEqual([`doom-${stack}-data-1`]);
  expect(readState(copy.project, stack)?.checkpoint.pending).toEqual([]);
  expect(readdirSync(lockFolder(copy.project, stack)).filter(isLock)).toEqual([]);
  expect(await runIn(editor(), ["cat", "/config/precious"])).toContain("precious");
  await engine.getContainer(neighbourContainer).inspect();
  return stderr;
}

const isLock = (name: string) => name.endsWith(".json");

/** The state that `doom down` left, once it has run. */
let stateWhenDown: string | undefined;

/** As after `doom down`, which runs the first time only: later its outcome is made again, in a second. */
async function goDown(): Promise<void> {
  const state = statePath(copy.project, stack);
  if (stateWhenDown === undefined) {
    const { code, stderr } = await doom("down", stack);
    expect(code, stderr).toBe(0);
    stateWhenDown = readFileSync(state, "utf8");
    return;
  }
  await removeContainersAndNetworks(stack);
  writeFileSync(state, stateWhenDown);
}

beforeAll(async () => {
  copy = createProjectCopy();
  environment = await copy.addStack();
  stack = environment.stack;
  neighbour = `${stack}2`;
  const { code, stderr } = await runDoom(copy.root, ["init"]);
  expect(code, stderr).toBe(0);
  const up = await doom("up", stack);
  expect(up.code, up.stderr).toBe(0);
  await runIn(editor(), ["sh", "-c", "echo precious > /config/precious"]);
  const container = await engine.createContainer({
    name: `doom-${neighbour}-gateway`,
    Image: (await engine.getContainer(editor()).inspect()).Image,
    Labels: { "doom.stack": neighbour, "doom.role": "gateway" },
  });
  neighbourContainer = container.id;
});
/** A case that fails half way must not hold the stack against the next one. */
afterEach(() => {
  const pid = enginePid();
  if (pid !== undefined) process.kill(pid, "SIGKILL");
});
afterAll(async () => {
  if (neighbour) await removeFromDocker(neighbour);
  await copy?.dispose();
});

/** The states of the stack's containers, in one look: between two, one of them may be gone. */
async function containerStates(): Promise<string[]> {
  const filters = { label: [`doom.stack=${stack}`] };
  return (await engine.listContainers({ all: true, filters })).map(({ State }) => State);
}

/** What the Docker host shows at the moment when something is killed. */
const MOMENTS: readonly (readonly [string, () => Promise<true | undefined>])[] = [
  ["the engine has just begun", async () => (enginePid() === undefined ? undefined : true)],
  ["a network appears", async () => ((await networksOf(stack)).length > 0 ? true : undefined)],
  ["a container appears", async () => ((await containerStates()).length > 0 ? true : undefined)],
  [
    "a container runs but is not healthy yet",
    async () => ((await containerStates()).includes("running") ? true : undefined),
  ],
];

describe("kill -9 of the engine", () => {
  it.each(MOMENTS)("when %s: the next up converges", async (_name, seen) => {
    await goDown();
    const run = new DoomProcess(copy.root, ["up", stack]);
    await run.until(seen);
    process.kill(enginePid() as number, "SIGKILL");
    const { code, stderr } = await run.result();
    expect([code, stderr.includes("The engine was ended by SIGKILL")]).toEqual([8, true]);
    expect(await comesUp()).toContain("cleared the lock of an interrupted run");
  });
});

describe("kill -9 of doom", () => {
  it("leaves its engine, which is named while it lives and then cleared away", async () => {
    await goDown();
    const run = new DoomProcess(copy.root, ["up", stack]);
    await run.until(MOMENTS[2]?.[1] as () => Promise<true | undefined>);
    const pid = enginePid() as number;
    // Held still, so that it lives for as long as the next command takes.
    process.kill(pid, "SIGSTOP");
    run.signal("SIGKILL");
    await run.result();
    const refused = await doom("up", stack);
    expect([refused.code, refused.stderr.includes(`kill -INT ${pid}`)]).toEqual([5, true]);
    process.kill(pid, "SIGCONT");
    for (let tries = 0; existsSync(`/proc/${pid}`) && tries < 600; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await comesUp();
  });
});

describe("kill -9 of the Docker provider", () => {
  it("while it makes containers: what it made unrecorded is found by its label", async () => {
    await goDown();
    const run = new DoomProcess(copy.root, ["up", stack]);
    await run.until(MOMENTS[2]?.[1] as () => Promise<true | undefined>);
    process.kill(providerOf(enginePid() as number), "SIGKILL");
    const { code } = await run.result();
    expect(code).toBe(8);
    expect(await containersOf(stack)).not.toEqual([]);
    expect(await converges()).toContain(", left by an interrupted run");
  });
});

describe("Ctrl-C", () => {
  it("lets the engine finish what has begun, leaves no lock, and up goes on", async () => {
    await goDown();
    const run = new DoomProcess(copy.root, ["up", stack]);
    await run.until(MOMENTS[1]?.[1] as () => Promise<true | undefined>);
    run.signal("SIGINT");
    const { code, stderr } = await run.result();
    expect(code, stderr).toBe(130);
    expect(stderr).toContain(`Fix: npx doom up ${stack} goes on from there`);
    expect(enginePid()).toBeUndefined();
    expect(await comesUp()).not.toContain("interrupted run");
  });

  it("twice ends it at once, and up sets right what was half way", async () => {
    await goDown();
    const run = new DoomProcess(copy.root, ["up", stack]);
    await run.until(MOMENTS[2]?.[1] as () => Promise<true | undefined>);
    run.signal("SIGINT");
    await run.until(() => (run.stderr.includes("again to stop at once") ? true : undefined));
    run.signal("SIGINT");
    expect((await run.result()).code).toBe(130);
    await converges();
  });
});

describe("addresses that somebody takes between the checks and the network", () => {
  it("are named with who has them, and up goes on when they are free again", async () => {
    await goDown();
    const proxy = new DockerProxy(path.join(copy.root, "docker.sock"));
    await proxy.open();
    const name = `foreign-${stack}`;
    const create = () =>
      engine.createNetwork({ Name: name, IPAM: { Config: [{ Subnet: environment.cidr }] } });
    proxy.before("/networks/create", create);
    try {
      const { code, stderr } = await runDoom(copy.root, ["up", stack], {
        DOCKER_HOST: proxy.address,
      });
      expect(code, stderr).toBe(8);
      const { cidr } = environment;
      expect(stderr).toContain(`${cidr} overlaps ${cidr}, used by the Docker network ${name}; set`);
      expect(stderr).not.toContain("Pool overlaps");
    } finally {
      await engine.getNetwork(name).remove();
      await proxy.cut();
    }
    await comesUp();
  });
});

describe("two ups of one stack at once", () => {
  it("lets one work and names its process to the other", async () => {
    await goDown();
    const first = new DoomProcess(copy.root, ["up", stack]);
    const pid = await first.until(enginePid);
    const second = await doom("up", stack, "--json");
    expect(second.code, second.stderr).toBe(5);
    const { error } = JSON.parse(second.stdout);
    expect(error.kind).toBe("locked");
    expect(error.message).toMatch(new RegExp(`pid ${pid} .* has been running for \\d+ s`));
    const { code, stderr } = await first.result();
    expect(code, stderr).toBe(0);
    await comesUp();
  });

  it("lets at most one in when they begin together, and neither spoils the other", async () => {
    await goDown();
    const runs = await Promise.all([doom("up", stack), doom("up", stack)]);
    const codes = runs.map(({ code }) => code).sort();
    expect([
      [0, 0],
      [0, 5],
    ]).toContainEqual(codes);
    await converges();
  });
});

describe("a state that was lost", () => {
  it("leaves running containers alone and says how to remove them", async () => {
    const before = await containerIds(stack);
    unlinkSync(statePath(copy.project, stack));
    const init = await doom("init", stack);
    expect(init.code, init.stderr).toBe(0);
    // The history of runs went with the stack, as it would in another checkout.
    const history = statePath(copy.project, stack).replace("/stacks/", "/history/");
    execFileSync("rm", ["-rf", history.replace(/\.json$/, "")]);
    const { code, stderr } = await doom("up", stack);
    expect(code, stderr).toBe(9);
    expect(stderr).toContain(`docker rm -f doom-${stack}-gateway`);
    expect(await containerIds(stack)).toEqual(before);
  });
});

/** The provider's process among the children of the engine. */
function providerOf(pid: number): number {
  // Any thread of the engine may have started it, and each lists its own children.
  const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    (readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").match(/\d+/g) ?? []).map(Number),
  );
  const provider = children.find((child) =>
    readlinkSync(`/proc/${child}/exe`).endsWith("/pulumi-resource-docker"),
  );
  if (provider === undefined) throw new Error(`pid ${pid} has no provider among ${children}`);
  return provider;
}

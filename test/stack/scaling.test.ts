import { once } from "node:events";
import http from "node:http";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { WebSocket } from "ws";
import { routedEditor } from "../../checks/haproxyStats";
import { START_PATHS } from "../../checks/volatilePaths";
import { BALANCER } from "../../config/gateway";
import { dockerName } from "../../config/names";
import { proxyStats } from "../../operations/haproxyRuntime";
import { createManifest } from "../../operations/manifest";
import { READING, withToolsContainer } from "../../operations/toolsContainer";
import { differencesOf } from "../../operations/upgradeData";
import {
  containerIds,
  containersOf,
  engine,
  isHealthy,
  runIn,
  volumesOf,
} from "../support/dockerHost";
import { DoomProcess } from "../support/doomProcess";
import { EditorClient, editorSocketPath, WORKBENCH } from "../support/editorClient";
import type { LiveEnvironment, StackOutputs } from "../support/liveEnvironment";
import { type LiveProject, startProject } from "../support/liveProject";
import { Traffic } from "../support/traffic";

/*
 * One environment that gets more editors, fewer, and more again, while some of them fail. The tests follow one
 * life: each leaves the environment as the next one expects it.
 */
const NEW_VISITORS = 300;
let project: LiveProject;
let environment: LiveEnvironment;
let stack: string;
let outputs: StackOutputs;
/** The first password of each editor: it has to stay. */
const passwords: Record<string, string> = {};
let manifests = 0;

const name = (index: number) => dockerName(stack, "code-server", index);
const editor = (index: number) => engine.getContainer(name(index));
const gateway = () => engine.getContainer(dockerName(stack, "gateway"));
const upTo = (count: number) => Array.from({ length: count }, (_, position) => position + 1);
const mark = (index: number) => `the work of editor ${index} of ${stack}`;
const sticky = () => `doom-${stack}`;

beforeAll(async () => {
  project = await startProject({
    scale: { instances: 1, resources: { cpus: 0.25, memory: "320MiB" } },
  });
  environment = project.environment("scale");
  stack = environment.stack;
});
afterAll(() => project?.dispose());

const setInstances = (instances: number) =>
  environment.configure((value) => ({ ...value, instances }));

/** A visitor who has chosen an editor by its address. */
async function visitorOf(index: number): Promise<EditorClient> {
  const visitor = new EditorClient(outputs.url);
  const { status, headers } = await visitor.request(`i/${index}/`);
  expect([status, headers.location]).toEqual([302, "/"]);
  expect(visitor.cookies.get(sticky())).toBe(`code-server-${index}`);
  return visitor;
}

/** A file of an editor as a window of its gets it: through the gateway, logged in. */
async function readFile(visitor: EditorClient, file: string): Promise<string> {
  const page = (await visitor.request(WORKBENCH)).body;
  const [base] = editorSocketPath(page).split("?");
  const query = new URLSearchParams({ path: file });
  return (await visitor.request(`${base}/vscode-remote-resource?${query}`)).body;
}

async function openSocket(visitor: EditorClient): Promise<WebSocket> {
  const page = (await visitor.request(WORKBENCH)).body;
  const socket = await visitor.openSocket(editorSocketPath(page));
  if (typeof socket === "number") throw new Error(`the WebSocket was answered with ${socket}`);
  return socket;
}

/** Login, files and WebSocket of one editor. */
async function expectWorking(index: number): Promise<void> {
  const visitor = await visitorOf(index);
  await visitor.login(outputs.passwords[index] ?? "");
  expect(await visitor.getsIn()).toBe(true);
  expect(await readFile(visitor, "/config/workspace/mine.txt")).toBe(mark(index));
  (await openSocket(visitor)).terminate();
}

/** What is on the editor's volume. */
async function manifestOf(index: number): Promise<string> {
  manifests += 1;
  const file = path.join(environment.root, `manifest-${manifests}.jsonl`);
  const mount = {
    kind: "volume",
    from: dockerName(stack, "data", index),
    at: "/source",
    readOnly: true,
  } as const;
  await withToolsContainer({ mounts: [mount], capabilities: READING }, (tools) =>
    createManifest(tools, { root: "/source", file, live: true }),
  );
  return file;
}

async function changedFiles(before: string, index: number): Promise<string[]> {
  const differences = await differencesOf(before, await manifestOf(index), START_PATHS);
  return differences.map(({ path: at, kind }) => `${at}: ${kind}`);
}

/** Brings the environment to another size; what stays has to be the same containers with the same data. */
async function scaleTo(instances: number, up: () => Promise<unknown> = () => environment.up()) {
  const survivors = upTo(Math.min(instances, outputs?.instances.length ?? 0));
  const before = outputs ? await containerIds(stack) : {};
  const data = await Promise.all(survivors.map(manifestOf));
  setInstances(instances);
  await up();
  outputs = await environment.outputs();
  const containers = await containersOf(stack);
  const names = [...upTo(instances).map(name), dockerName(stack, "gateway")];
  expect(containers.map(({ Name }) => Name.slice(1))).toEqual(names);
  expect(containers.map(isHealthy)).toEqual(names.map(() => true));
  const after = await containerIds(stack);
  for (const kept of Object.keys(before).filter((one) => names.includes(one)))
    expect([kept, after[kept]]).toEqual([kept, before[kept]]);
  const changes = await Promise.all(
    survivors.map((index, at) => changedFiles(data[at] ?? "", index)),
  );
  expect(changes).toEqual(survivors.map(() => []));
  for (const [index, password] of Object.entries(outputs.passwords)) {
    passwords[index] ??= password;
    expect(password).toBe(passwords[index]);
  }
}

const leaveMark = (index: number) =>
  runIn(
    name(index),
    ["sh", "-c", 'printf %s "$1" >/config/workspace/mine.txt', "sh", mark(index)],
    "1000:1000",
  );

async function statusOf(index: number): Promise<number> {
  const visitor = new EditorClient(outputs.url);
  visitor.cookies.set(sticky(), `code-server-${index}`);
  return (await visitor.request("healthz")).status;
}

const isServed = (index: number) =>
  expect.poll(() => statusOf(index), { timeout: 60_000, interval: 250 }).toBe(200);

/** The editors that new visitors were sent to, with how many; all of them were answered. */
async function landings(visitors: number): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (let visit = 0; visit < visitors; visit += 1) {
    const visitor = new EditorClient(outputs.url);
    const { status } = await visitor.request("healthz");
    const landed = `${visitor.cookies.get(sticky())} ${status}`;
    counts.set(landed, (counts.get(landed) ?? 0) + 1);
  }
  return counts;
}

describe("more editors", () => {
  it("begins with one", async () => {
    await scaleTo(1);
    await leaveMark(1);
    await expectWorking(1);
  });

  it("goes to five, and leaves the gateway and the first one alone", async () => {
    const visitor = await visitorOf(1);
    await visitor.login(outputs.passwords[1] ?? "");
    const socket = await openSocket(visitor);
    await scaleTo(5);
    expect(socket.readyState).toBe(socket.OPEN);
    socket.terminate();
    for (const index of [2, 3, 4, 5]) await leaveMark(index);
    await Promise.all(upTo(5).map(isServed));
    for (const index of upTo(5)) await expectWorking(index);
  });

  it("sends new visitors to each of them as often as to the others, within 5 %", async () => {
    const counts = await landings(NEW_VISITORS);
    expect([...counts.keys()].sort()).toEqual(upTo(5).map((index) => `code-server-${index} 200`));
    for (const count of counts.values())
      expect(Math.abs(count / (NEW_VISITORS / 5) - 1)).toBeLessThanOrEqual(0.05);
  });

  it("chooses only editors that there can be, and leads nowhere else", async () => {
    const visitor = new EditorClient(outputs.url);
    for (const address of ["i/0/", "i/51/", "i/01/", "i/1x/", "i/1//elsewhere.test/"]) {
      const { headers } = await visitor.request(address);
      expect([address, headers.location ?? "", headers["set-cookie"]?.[0] ?? ""]).toEqual([
        address,
        expect.not.stringMatching(/^(\/\/|http|.*elsewhere\.test\/$)/),
        expect.not.stringContaining("Max-Age=31536000; HttpOnly; SameSite"),
      ]);
    }
    const chosen = await new EditorClient(outputs.url).request("i/5?folder=/config");
    expect(chosen.headers.location).toBe("/?folder=/config");
  });

  it("shows instances, sessions, limits and use", async () => {
    const visitor = await visitorOf(2);
    await visitor.login(outputs.passwords[2] ?? "");
    const socket = await openSocket(visitor);
    const watching = new DoomProcess(environment.root, ["status", stack, "--watch", "--json"]);
    const look = () => JSON.parse(watching.stdout.split("\n").at(-2) ?? "{}").use;
    // Sockets that were cut off before count until the gateway has forgotten them.
    const sessions = () => upTo(5).map((index) => look()?.traffic[name(index)].sessions);
    await expect.poll(sessions, { timeout: 30_000 }).toEqual([0, 1, 0, 0, 0]);
    const use = look();
    watching.signal("SIGINT");
    expect((await watching.result()).code).toBe(130);
    expect(use.trafficProblem).toBeUndefined();
    expect(use.containers.map((one: { name: string }) => one.name)).toEqual([
      ...upTo(5).map(name),
      dockerName(stack, "gateway"),
    ]);
    expect(use.containers[1]).toEqual({
      name: name(2),
      role: "code-server",
      cpuLimit: 0.25,
      memoryLimitBytes: 320 * 1024 * 1024,
      cpus: expect.any(Number),
      memoryBytes: expect.any(Number),
    });
    expect(use.traffic[name(2)]).toEqual({ sessions: 1, takesVisitors: true });
    socket.terminate();
  });
});

describe("an editor that fails", () => {
  /** Requests of the users of the others, from before until after. */
  async function whileOthersWork(away: number, work: () => Promise<void>): Promise<void> {
    const others = upTo(5).filter((index) => index !== away);
    const traffic = new Traffic(
      outputs.url,
      others.map((index) => `${sticky()}=code-server-${index}`),
    );
    try {
      await work();
    } finally {
      await traffic.end();
    }
    expect(traffic.failures).toEqual([]);
    expect(traffic.answers).toBeGreaterThan(100);
  }

  it("is away for its own user only, who is told so, and comes back by itself when it was killed", async () => {
    await whileOthersWork(4, async () => {
      await editor(4).kill();
      await expect.poll(() => statusOf(4), { timeout: 60_000, interval: 250 }).toBe(503);
      const user = await visitorOf(4);
      const { status, headers, body } = await user.request("");
      expect([status, headers["retry-after"], headers["set-cookie"]]).toEqual([
        503,
        "5",
        undefined,
      ]);
      expect(body).toContain("The editor is away");
      expect([...(await landings(40)).keys()].sort()).toEqual(
        [1, 2, 3, 5].map((index) => `code-server-${index} 200`),
      );
      await editor(4).start();
      await isServed(4);
    });
    await expectWorking(4);
    const all = upTo(5).map((index) => `code-server-${index} 200`);
    await expect.poll(async () => [...(await landings(20)).keys()].sort()).toEqual(all);
  });

  it("is left out as well when it hangs, and taken in again", async () => {
    await whileOthersWork(5, async () => {
      await editor(5).pause();
      try {
        const routed = async () =>
          routedEditor(await proxyStats(gateway()), "code-server-5", BALANCER);
        await expect
          .poll(routed, { timeout: 60_000, interval: 250 })
          .toMatchObject({ takesVisitors: false });
        expect(await statusOf(5)).toBe(503);
        expect((await landings(20)).has("code-server-5 200")).toBe(false);
      } finally {
        await editor(5).unpause();
      }
      await isServed(5);
    });
  });
});

describe("fewer editors", () => {
  /** An answer whose request is still being sent. */
  function slowUpload(index: number) {
    const body = "password=".padEnd(2000, "x");
    const headers = {
      cookie: `${sticky()}=code-server-${index}`,
      "content-type": "application/x-www-form-urlencoded",
      "content-length": body.length,
    };
    const request = http.request(new URL("login", outputs.url), {
      method: "POST",
      headers,
      agent: false,
    });
    const answered = once(request, "response").then(([{ statusCode }]) => statusCode as number);
    request.write(body.slice(0, 1000));
    return { answered, finish: () => request.end(body.slice(1000)) };
  }

  it("goes to two: what is under way is finished, the data stays and is said to rest", async () => {
    const data = await Promise.all([3, 4, 5].map(manifestOf));
    const upload = slowUpload(5);
    let said = "";
    await scaleTo(2, async () => {
      const run = new DoomProcess(environment.root, ["up", stack]);
      const isDrained = async () => {
        const lines = await proxyStats(gateway());
        const server = lines.find(
          (line) => line.proxy === BALANCER && line.server === "code-server-5",
        );
        return server?.status.startsWith("DRAIN") || undefined;
      };
      await run.until(isDrained);
      expect((await editor(5).inspect()).State.Running).toBe(true);
      upload.finish();
      expect(await upload.answered).toBe(200);
      const { code, stdout, stderr } = await run.result();
      expect(code, stderr).toBe(0);
      said = stdout;
    });
    const resting = [3, 4, 5].map((index) => dockerName(stack, "data", index));
    expect(said).toContain(`  Resting    ${resting.join(", ")} `);
    expect(outputs.resting).toEqual(resting);
    expect(await environment.doom("status", stack)).toContain(`  resting: ${resting.join(", ")};`);
    expect((await volumesOf(stack)).map(({ Name }) => Name)).toEqual([
      ...outputs.volumes,
      ...resting,
    ]);
    expect(
      await Promise.all([3, 4, 5].map((index, at) => changedFiles(data[at] ?? "", index))),
    ).toEqual([[], [], []]);
    for (const index of upTo(2)) await expectWorking(index);
  });

  it("shows nobody somebody else's editor: whose own one rests is told that it is away", async () => {
    const user = await visitorOf(5);
    expect((await user.request("")).status).toBe(503);
    expect([...(await landings(10)).keys()].sort()).toEqual([
      "code-server-1 200",
      "code-server-2 200",
    ]);
  });

  it("has nothing to do in the next preview", async () => {
    expect(await environment.plan()).toEqual([]);
  });

  it("goes back to five, where each finds its files under its old password", async () => {
    await scaleTo(5);
    await Promise.all(upTo(5).map(isServed));
    for (const index of upTo(5)) await expectWorking(index);
    expect(outputs.resting).toEqual([]);
    const counts = await landings(20);
    expect([...counts.keys()].sort()).toEqual(upTo(5).map((index) => `code-server-${index} 200`));
  });
});

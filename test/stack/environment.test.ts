import { once } from "node:events";
import { appendFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EXIT_CODES } from "../../cli/exitCodes";
import { kernelCpuLimit, kernelMemoryLimit } from "../support/controlGroup";
import {
  containerIds,
  containersOf,
  engine,
  isHealthy,
  networksOf,
  volumesOf,
} from "../support/dockerHost";
import { EditorClient, editorSocketPath, WORKBENCH } from "../support/editorClient";
import { openSession, resumed } from "../support/editorSession";
import type { LiveEnvironment, StackOutputs } from "../support/liveEnvironment";
import { type LiveProject, startProject } from "../support/liveProject";

/*
 * One environment with two editors through plain `pulumi`: what it consists of, and what it answers.
 * The tests follow one life: each leaves the environment as the next one expects it.
 */
const MEBIBYTE = 1024 * 1024;
let project: LiveProject;
let environment: LiveEnvironment;
let stack: string;
let outputs: StackOutputs;
/** Of this test alone. */
let gatewayImage: string | undefined;

beforeAll(async () => {
  project = await startProject({
    life: {
      instances: 2,
      resources: { cpus: 0.5, memory: "512MiB", storage: "2GiB" },
      access: { tier: "local" },
      logLevel: "debug",
    },
  });
  environment = project.environment("life");
  stack = environment.stack;
});
afterAll(async () => {
  await project?.dispose();
  if (gatewayImage !== undefined) await engine.getImage(gatewayImage).remove({ force: true });
});

const editor = (index: number) => `doom-${stack}-code-server-${index}`;
const expectedNames = () => [editor(1), editor(2), `doom-${stack}-gateway`];

describe("the first up", () => {
  it("previews everything with the policy pack and creates nothing", async () => {
    const text = await environment.pulumi("preview", "--policy-pack", "policy");
    expect(text).toContain("doom-coding@v");
    expect(text).not.toContain("can't run policy");
    expect(await containersOf(stack)).toEqual([]);
    expect(await networksOf(stack)).toEqual([]);
    expect(await volumesOf(stack)).toEqual([]);
  });

  it("brings up exactly the configured containers, all healthy", async () => {
    await environment.up("--policy-pack", "policy");
    outputs = await environment.outputs();
    const containers = await containersOf(stack);
    expect(containers.map(({ Name }) => Name.slice(1))).toEqual(expectedNames());
    expect(containers.map(isHealthy)).toEqual([true, true, true]);
  });

  it("gives complete outputs", async () => {
    const { port, cidr } = environment;
    const part = (third: string) => cidr.replace(".0/24", `.${third}/26`);
    expect(outputs).toEqual({
      url: `http://127.0.0.1:${port}/`,
      passwordCommand: `npx doom password ${stack} 1`,
      instances: [1, 2].map((index) => ({
        index,
        container: editor(index),
        volume: `doom-${stack}-data-${index}`,
        image: outputs.imageDigests.codeServer,
      })),
      imageDigests: {
        codeServer: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
        gateway: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      },
      networks: {
        internal: { name: `doom-${stack}-internal`, cidr: part("0") },
        edge: { name: `doom-${stack}-edge`, cidr: part("64") },
        egress: { name: `doom-${stack}-egress`, cidr: part("128") },
      },
      volumes: [`doom-${stack}-data-1`, `doom-${stack}-data-2`],
      resting: [],
      passwords: { 1: expect.any(String), 2: expect.any(String) },
      snapshotPassword: expect.any(String),
    });
    expect(outputs.passwords["1"]).not.toBe(outputs.passwords["2"]);
  });

  it("shows a password only when asked for secrets", async () => {
    const plain = await environment.pulumi("stack", "output");
    expect(plain).toContain("[secret]");
    expect(plain).not.toContain(outputs.passwords["1"]);
  });
});

describe("what Docker was told", () => {
  it.each([
    ["code-server-1", 0.5, 512, ["internal"]],
    ["code-server-2", 0.5, 512, ["internal"]],
    ["gateway", 0.5, 128, ["edge", "internal"]],
  ])("%s has its limits, rights and networks", async (name, cpus, memory, networks) => {
    const info = await engine.getContainer(`doom-${stack}-${name}`).inspect();
    const host = info.HostConfig;
    expect({
      cpus: host.NanoCpus,
      memory: host.Memory,
      memorySwap: host.MemorySwap,
      drops: host.CapDrop,
      adds: [...(host.CapAdd ?? [])].sort(),
      security: host.SecurityOpt,
      privileged: host.Privileged,
      restart: host.RestartPolicy,
      log: host.LogConfig,
      ipc: host.IpcMode,
      pid: host.PidMode,
      devices: host.Devices ?? [],
      binds: host.Binds ?? [],
      networks: Object.keys(info.NetworkSettings.Networks).sort(),
    }).toEqual({
      cpus: cpus * 1e9,
      memory: memory * MEBIBYTE,
      memorySwap: memory * MEBIBYTE,
      drops: ["ALL"],
      adds: (name === "gateway"
        ? ["SETGID", "SETUID"]
        : ["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID"]
      ).map((right) => `CAP_${right}`),
      security: ["no-new-privileges:true"],
      privileged: false,
      restart: { Name: "unless-stopped", MaximumRetryCount: 0 },
      log: { Type: "json-file", Config: { "max-file": "3", "max-size": "10m" } },
      ipc: "private",
      pid: "",
      devices: [],
      binds: [],
      networks: networks.map((network) => `doom-${stack}-${network}`),
    });
    const { codeServer, gateway } = outputs.imageDigests;
    expect(info.Image).toBe(name === "gateway" ? gateway : codeServer);
  });

  it("the kernel enforces the limits", async () => {
    for (const { Name, State, HostConfig } of await containersOf(stack)) {
      const expected = { name: Name, memory: HostConfig.Memory, cpus: 0.5 };
      const { Pid } = State;
      expect({ name: Name, memory: kernelMemoryLimit(Pid), cpus: kernelCpuLimit(Pid) }).toEqual(
        expected,
      );
    }
  });

  it("only the gateway publishes, one port, on loopback", async () => {
    const published = (await containersOf(stack)).flatMap(({ Name, NetworkSettings }) =>
      Object.values(NetworkSettings.Ports).flatMap((bindings) =>
        (bindings ?? []).map(({ HostIp, HostPort }) => `${Name} ${HostIp}:${HostPort}`),
      ),
    );
    expect(published).toEqual([`/doom-${stack}-gateway 127.0.0.1:${environment.port}`]);
  });

  it("an editor mounts its own volume, its secret read-only, and nothing else", async () => {
    for (const index of [1, 2]) {
      const { Mounts, HostConfig } = await engine.getContainer(editor(index)).inspect();
      const mounts = Mounts.map(({ Type, Name, Destination, RW }) => [Type, Name, Destination, RW]);
      expect(mounts.sort()).toEqual([
        ["bind", undefined, "/run/secrets/hashed-password", false],
        ["volume", `doom-${stack}-data-${index}`, "/config", true],
      ]);
      expect(Object.keys(HostConfig.Tmpfs ?? {})).toEqual(["/run"]);
    }
  });

  it("everything carries its labels", async () => {
    const label = (role: string, instance?: number) => ({
      "doom.stack": stack,
      "doom.role": role,
      "doom.schema": "1",
      ...(instance === undefined ? {} : { "doom.instance": String(instance) }),
    });
    const own = (labels: Record<string, string> | null) =>
      Object.fromEntries(
        Object.entries(labels ?? {}).filter(([key]) => /^doom\.(stack|role|inst|sch)/.test(key)),
      );
    const containers = (await containersOf(stack)).map(({ Config }) => own(Config.Labels));
    expect(containers).toEqual([
      label("code-server", 1),
      label("code-server", 2),
      label("gateway"),
    ]);
    const networks = (await networksOf(stack)).map(({ Labels }) => own(Labels ?? null));
    expect(networks).toEqual([label("edge"), label("egress"), label("internal")]);
    const volumes = (await volumesOf(stack)).map(({ Labels }) => own(Labels));
    expect(volumes).toEqual([label("data", 1), label("data", 2)]);
  });

  it("networks have the configured addresses; only the internal one is closed", async () => {
    const facts = (await networksOf(stack)).map((network) => ({
      subnet: network.IPAM?.Config?.[0]?.Subnet,
      internal: network.Internal,
      attachable: network.Attachable,
      ipv6: network.EnableIPv6,
    }));
    const open = { internal: false, attachable: false, ipv6: false };
    const { internal, edge, egress } = outputs.networks;
    expect(facts).toEqual([
      { ...open, subnet: edge.cidr },
      { ...open, subnet: egress.cidr },
      { ...open, subnet: internal.cidr, internal: true },
    ]);
  });

  it("the editor runs as the configured user", async () => {
    const { Processes } = await engine.getContainer(editor(1)).top({ ps_args: "-eo pid,uid,args" });
    const serving = (Processes as string[][]).filter((row) => /code-server/.test(row[2] ?? ""));
    expect(serving.length).toBeGreaterThanOrEqual(2);
    expect(new Set(serving.map(([, uid]) => uid))).toEqual(new Set(["1000"]));
  });
});

describe("what a browser is told", () => {
  let visitor: EditorClient;
  const freshVisitorOf = async (index: number) => {
    // Balancing decides where a visitor lands; the cookie is what a returning one brings.
    const client = new EditorClient(outputs.url);
    client.cookies.set(`doom-${stack}`, `code-server-${index}`);
    return client;
  };

  it("sends strangers to the login page", async () => {
    visitor = await freshVisitorOf(1);
    const answer = await visitor.request("");
    expect(answer.status).toBe(302);
    expect(answer.headers.location).toMatch(/^\.\/login/);
    const page = await visitor.request("login");
    expect(page.status).toBe(200);
    expect(page.body).toMatch(/<input[^>]+type="password"/);
  });

  it.each([
    ["a wrong password", () => "wrong-password", /incorrect password/i],
    ["another editor's", () => outputs.passwords["2"] ?? "", /incorrect password/i],
    ["an empty one", () => "", /missing password/i],
  ])("refuses %s", async (_, password, message) => {
    const answer = await visitor.login(password());
    expect(answer.body).toMatch(message);
    expect(answer.headers["set-cookie"]).toBeUndefined();
    expect(await visitor.getsIn()).toBe(false);
  });

  it("opens the editor for the right password, with a cookie that scripts cannot read", async () => {
    const answer = await visitor.login(outputs.passwords["1"] ?? "");
    expect(answer.status).toBe(302);
    expect(answer.headers["set-cookie"]).toEqual([
      expect.stringMatching(/^code-server-session-.+; HttpOnly$/),
    ]);
    expect(await visitor.getsIn()).toBe(true);
  });

  it("lets a WebSocket through for who is logged in, and for nobody else", async () => {
    const path = editorSocketPath((await visitor.request(WORKBENCH)).body);
    expect(await visitor.handshake(path)).toBe(101);
    const stranger = await freshVisitorOf(1);
    expect(await stranger.handshake(path)).toBe(401);
  });

  it("keeps a visitor on one editor", async () => {
    const seen: { status: number; cookies: string[] | undefined }[] = [];
    for (let visit = 0; visit < 6; visit += 1) {
      const { status, headers } = await visitor.request(WORKBENCH);
      seen.push({ status, cookies: headers["set-cookie"] });
    }
    expect(seen).toEqual(Array(6).fill({ status: 200, cookies: undefined }));
    // The same session means nothing to the other editor: the cookie really decides.
    const elsewhere = await freshVisitorOf(2);
    for (const [name, value] of visitor.cookies)
      if (name !== `doom-${stack}`) elsewhere.cookies.set(name, value);
    expect(await elsewhere.getsIn()).toBe(false);
  });

  it("spreads new visitors over both editors, once the windows that closed are forgotten", async () => {
    const landed = async () => {
      const editors = new Set<string | undefined>();
      for (let visit = 0; visit < 8; visit += 1) {
        const client = new EditorClient(outputs.url);
        await client.request("login");
        editors.add(client.cookies.get(`doom-${stack}`));
      }
      return [...editors].sort();
    };
    // The WebSocket above was cut off, not closed: until it is gone the other editor has less to do.
    await expect.poll(landed, { timeout: 15_000 }).toEqual(["code-server-1", "code-server-2"]);
  });
});

/** What `doom verify --kept` says. */
async function keeps() {
  const args = ["bin/cli/main.js", "verify", stack, "--kept", "--json"];
  const { code, stdout, stderr } = await environment.run(process.execPath, args);
  const { kept, environments } = JSON.parse(stdout || stderr);
  return { code, kept, ...environments[0] };
}

describe("again, with nothing changed", () => {
  it("a preview expects no changes", async () => {
    expect(await environment.plan("--expect-no-changes")).toEqual([]);
    expect(await keeps()).toMatchObject({ code: 0, kept: true, unexpected: [], checks: [] });
  });

  it("a second up leaves every container as it is", async () => {
    const before = await containerIds(stack);
    const text = await environment.up();
    expect(text).toMatch(/\d+ unchanged/);
    expect(text).not.toMatch(/\d+ (created|updated|replaced|deleted)/);
    expect(await containerIds(stack)).toEqual(before);
  });

  it("the same preview does fail once something is to change", async () => {
    environment.configure((value) => ({ ...value, timeZone: "Europe/Berlin" }));
    const { code, stdout } = await environment.tryPulumi("preview", "--expect-no-changes");
    const kept = await keeps();
    environment.configure((value) => ({ ...value, timeZone: "UTC" }));
    expect(code).not.toBe(0);
    expect(stdout).toContain("code-server-1-container");
    expect(kept).toMatchObject({ code: EXIT_CODES.changed, kept: false, fileChanged: true });
    for (const index of [1, 2])
      expect(kept.unexpected).toContainEqual(
        expect.objectContaining({
          operation: "replace",
          name: editor(index),
          because: ["envs"],
        }),
      );
  });
});

describe("another image of the gateway", () => {
  const makeAnother = () =>
    appendFileSync(
      path.join(environment.root, "images", "gateway", "Dockerfile"),
      `LABEL doom.test.stack=${stack}\n`,
    );

  it("is named as what would change a stack that nobody touched", async () => {
    makeAnother();
    const { code, unexpected } = await keeps();
    expect(code).toBe(EXIT_CODES.changed);
    expect(unexpected).toContainEqual(
      expect.objectContaining({ type: "Container", name: `doom-${stack}-gateway` }),
    );
    expect(JSON.stringify(unexpected)).not.toContain(editor(1));
  });

  it("leaves the editors alone, and a window goes on with its session", async () => {
    const visitor = new EditorClient(outputs.url);
    visitor.cookies.set(`doom-${stack}`, "code-server-1");
    await visitor.login(outputs.passwords["1"] ?? "");
    const page = (await visitor.request(WORKBENCH)).body;
    const address = editorSocketPath(page);
    const closed = once(await openSession(visitor, address), "close");
    const before = await containerIds(stack);
    await environment.up();
    await closed;
    const after = await containerIds(stack);
    const others = Object.keys(after).filter((name) => after[name] !== before[name]);
    expect(others).toEqual([`doom-${stack}-gateway`]);
    gatewayImage = (await environment.outputs()).imageDigests.gateway;
    expect(gatewayImage).not.toBe(outputs.imageDigests.gateway);
    (await openSession(visitor, resumed(address))).terminate();
    // An editor that had lost its sessions would know none.
    await expect(openSession(visitor, resumed(editorSocketPath(page)))).rejects.toThrow(
      /unknown reconnection token/i,
    );
  });
});

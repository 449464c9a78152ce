import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { askTailnet } from "../../operations/tailnetJoin";
import { containerIds, engine, waitForContainer } from "../support/dockerHost";
import { EditorClient, editorSocketPath, WORKBENCH } from "../support/editorClient";
import { Headscale } from "../support/headscale";
import type { LiveEnvironment, RunResult } from "../support/liveEnvironment";
import { type LiveProject, startProject } from "../support/liveProject";
import { readQr } from "../support/qrReader";
import { reaches, TailnetForward, TailnetPeer } from "../support/tailnetPeer";

/*
 * Two environments in one tailnet, whose control server is a real headscale: before they have a key, with a bad one,
 * with a good one, after a restart, and in an upgrade of Tailscale and back.
 */

const BUILD_MS = 1_200_000;
const NODES = ["dev", "prod"] as const;
type Name = (typeof NODES)[number];

let project: LiveProject;
let headscale: Headscale;
let peer: TailnetPeer | undefined;

const environment = (name: Name): LiveEnvironment => project.environment(name);
const node = (name: Name) => `doom-${environment(name).stack}-tailscale`;
const hostname = (name: Name) => `doom-${environment(name).stack}`;
const statusOf = async (name: Name) => await askTailnet(engine.getContainer(node(name)));

beforeAll(async () => {
  const { baseImageTag } = await import("../../toolchain/baseImage.mjs");
  const { headscaleProgram } = await import("../../toolchain/headscale.mjs");
  headscale = await Headscale.start(await headscaleProgram(), baseImageTag().tag);
  const settings = {
    access: { tier: "limited" },
    tailscale: {
      enabled: true,
      version: "1.90.9",
      controlServer: headscale.url,
      certificateAuthority: headscale.authority,
    },
  };
  project = await startProject({ dev: settings, prod: settings });
  // One after the other, since both build the same image where it is not there yet.
  for (const name of NODES) {
    await environment(name).up();
    await headscale.join(`${hostname(name)}-edge`);
  }
}, BUILD_MS);

afterAll(async () => {
  await peer?.dispose();
  await headscale?.dispose();
  await project?.dispose();
});

/** `doom secrets set` with the key on its standard input. */
function setKey(name: Name, key: string): Promise<RunResult> {
  const { stack } = environment(name);
  const args = ["bin/cli/main.js", "secrets", "set", stack, "tailscale"];
  return environment(name).run(process.execPath, args, key);
}

async function doomStatus(name: Name) {
  const { stack } = environment(name);
  const text = await environment(name).doom("status", stack, "--json");
  return JSON.parse(text).environment as {
    condition: string;
    containers: { name: string; waitsFor?: string }[];
  };
}

describe("without a key", () => {
  it("the environment is up, and says what the node waits for", async () => {
    const { condition, containers } = await doomStatus("dev");
    expect(condition).toBe("healthy");
    expect(containers.find(({ name }) => name === node("dev"))).toMatchObject({
      waitsFor: `an auth key: npx doom secrets set ${environment("dev").stack} tailscale`,
    });
    const unhealthy = await waitForContainer(
      node("dev"),
      ({ State }) => (State.Health?.Log ?? []).length > 0,
    );
    expect(unhealthy.State.Health?.Status).not.toBe("healthy");
    expect(unhealthy.State.Health?.Log.at(-1)?.Output).toContain("waits for an auth key");
    expect(await headscale.nodes()).toEqual({});
  });
});

describe("with a bad key", () => {
  it.each([
    ["unknown to the control server", async () => "0123456789abcdef".repeat(3)],
    ["expired", async () => headscale.createKey(await headscale.createUser("late"), "1ms")],
  ])("that is %s, the join fails with the server's words", async (_title, key) => {
    const { code, stdout, stderr } = await setKey("dev", await key());
    expect(stdout + stderr).toContain(`cannot join its tailnet`);
    expect(stdout + stderr).toMatch(/AuthKey|invalid|expired|not found/i);
    expect(code).not.toBe(0);
    expect((await statusOf("dev"))?.state).toBe("NeedsLogin");
    expect(await headscale.nodes()).toEqual({});
  });
});

describe("with a good key", () => {
  it("both join under their names, and nothing of the rest is replaced", async () => {
    const before = await containerIds(environment("prod").stack);
    for (const name of NODES) {
      const key = await headscale.createKey(await headscale.createUser(name));
      const { code, stdout, stderr } = await setKey(name, key);
      expect([code, stdout, stderr]).toEqual([0, expect.any(String), expect.any(String)]);
      expect(JSON.stringify(await engine.getContainer(node(name)).inspect())).not.toContain(key);
    }
    const after = await containerIds(environment("prod").stack);
    expect({ ...after, [node("prod")]: "" }).toEqual({ ...before, [node("prod")]: "" });
    expect(Object.values(await headscale.nodes()).sort()).toEqual(NODES.map(hostname).sort());
    for (const name of NODES) {
      await waitForContainer(node(name), ({ State }) => State.Health?.Status === "healthy");
      expect((await doomStatus(name)).condition).toBe("healthy");
    }
  });

  it("a peer opens the editor through it, files and WebSocket", async () => {
    const user = await headscale.createUser("visitor");
    const { Image } = await engine.getContainer(node("dev")).inspect();
    peer = await TailnetPeer.start(headscale, Image, await headscale.createKey(user));
    await waitForContainer(peer.name, ({ State }) => State.Health?.Status === "healthy");
    const forward = await TailnetForward.open(peer.name, hostname("prod"));
    const client = new EditorClient(`https://127.0.0.1:${forward.port}/`);
    const { passwords } = await environment("prod").outputs();
    expect(await client.getsIn()).toBe(false);
    await client.login(passwords["1"] as string);
    expect(await client.getsIn()).toBe(true);
    const { body } = await client.request(WORKBENCH);
    expect(await client.handshake(editorSocketPath(body))).toBe(101);
    forward.close();
  });

  it("a phone gets the node's address, as a code that a reader reads", async () => {
    const { stack } = environment("prod");
    const { url, code } = JSON.parse(
      await environment("prod").doom("open", stack, "--qr", "--json"),
    );
    expect(url).toBe(`https://${hostname("prod")}/`);
    expect(readQr(code)).toBe(url);
  });

  it("dev cannot reach prod, unless the tailnet's policy lets it", async () => {
    expect(await reaches(peer?.name as string, hostname("dev"))).toBe(true);
    expect(await reaches(node("dev"), hostname("prod"))).toBe(false);
    await headscale.allow("open");
    await expect.poll(() => reaches(node("dev"), hostname("prod")), { timeout: 30_000 }).toBe(true);
    await headscale.allow("apart");
    await expect
      .poll(() => reaches(node("dev"), hostname("prod")), { timeout: 30_000 })
      .toBe(false);
  });

  it("a restart keeps who it is, though its key is used up", async () => {
    const before = await statusOf("dev");
    await engine.getContainer(node("dev")).restart();
    await waitForContainer(node("dev"), ({ State }) => State.Health?.Status === "healthy");
    expect(await statusOf("dev")).toMatchObject({
      state: "Running",
      id: before?.id,
      addresses: before?.addresses,
    });
  });
});

describe("an upgrade of Tailscale", () => {
  const version = async () => {
    const { Image } = await engine.getContainer(node("dev")).inspect();
    const { Config } = await engine.getImage(Image).inspect();
    return Config.Labels["org.opencontainers.image.version"];
  };

  it("goes over and back, and the node stays who it is", async () => {
    const before = await statusOf("dev");
    const editors = await containerIds(environment("dev").stack);
    const { stack } = environment("dev");
    const same = { state: "Running", id: before?.id, addresses: before?.addresses };
    await environment("dev").doom("upgrade", stack, "--service", "tailscale", "--to", "1.92.3");
    expect(await version()).toBe("1.92.3");
    expect(await statusOf("dev")).toMatchObject(same);
    expect(await reaches(peer?.name as string, hostname("dev"))).toBe(true);
    await environment("dev").doom("rollback", stack, "--service", "tailscale");
    expect(await version()).toBe("1.90.9");
    expect(await statusOf("dev")).toMatchObject(same);
    const after = await containerIds(stack);
    expect({ ...after, [node("dev")]: "" }).toEqual({ ...editors, [node("dev")]: "" });
    expect(Object.values(await headscale.nodes()).sort()).toEqual(
      [...NODES.map(hostname), "visitor"].sort(),
    );
  });
});

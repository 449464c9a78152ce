import type { AddressInfo } from "node:net";
import tls from "node:tls";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { SecretValues } from "../checks/secretValues";
import { FakeEditor } from "../test/support/fakeEditor";
import { generateCertificate } from "./certificateGenerate";
import { observeSecrets, proveSecrets } from "./secretProof";
import type { StackContainer } from "./stackContainers";

/** Not proven here: that code-server and the gateway behave like this; the stack tests ask the real ones. */

const containers = vi.hoisted(() => ({ now: new Map<string, StackContainer>() }));
vi.mock("./stackContainers", () => ({ stackContainers: async () => containers.now }));

const NAME = "code-server-1";
let editor: FakeEditor;

const values = (password: string, certificate?: string): SecretValues => ({
  passwords: new Map([[NAME, { password, hash: `hash of ${password}` }]]),
  published: new Map([[NAME, password]]),
  ...(certificate === undefined ? {} : { certificate }),
});

function container(name: string, id: string, createdAt = "2026-01-02T03:04:05Z") {
  const volume = { name: "doom-dev-data-1", createdAt };
  return [name, { id, name, ...(name.endsWith("gateway") ? {} : { volume }) }] as const;
}

function runs(...all: (readonly [string, StackContainer])[]): void {
  containers.now = new Map(all);
}

beforeEach(async () => {
  editor = await FakeEditor.start();
  editor.behaviour.passwords = { [NAME]: "old password" };
  runs(container("doom-dev-code-server-1", "a"), container("doom-dev-gateway", "g"));
});
afterEach(() => editor.stop());

const observe = () => observeSecrets("dev", editor.url, [NAME], values("old password"));

/** The statements that do not hold, after `change` was made to the environment. */
async function broken(change: () => void, now = values("new password")): Promise<string[]> {
  const before = await observe();
  editor.behaviour.passwords = { [NAME]: "new password" };
  runs(container("doom-dev-code-server-1", "b"), container("doom-dev-gateway", "g"));
  change();
  const claims = await proveSecrets("dev", editor.url, before, now);
  expect(claims.length).toBeGreaterThanOrEqual(3);
  return claims.filter(({ holds }) => !holds).map(({ statement }) => statement);
}

describe("observeSecrets", () => {
  it("refuses to begin where the present password does not open the editor", async () => {
    editor.behaviour.passwords = { [NAME]: "another" };
    await expect(observe()).rejects.toThrow(/^code-server-1 of dev does not accept its present/);
  });
});

describe("proveSecrets", () => {
  it("finds a rotation that is in force to be so", async () => {
    expect(await broken(() => {})).toEqual([]);
  });

  it("waits for the editor itself instead of believing another one", async () => {
    const away = () => {
      editor.behaviour.awayFor = 4;
    };
    expect(await broken(away)).toEqual([]);
  });

  it("goes red where the old password still opens it", async () => {
    const unchanged = () => {
      editor.behaviour.passwords = { [NAME]: "old password" };
    };
    expect(await broken(unchanged)).toEqual([
      "the old password is refused",
      "sessions of the old password have ended",
      "the new password is accepted",
    ]);
  });

  it("goes red where old sessions go on", async () => {
    const kept = () => {
      editor.behaviour.keepsSessions = true;
    };
    expect(await broken(kept)).toEqual(["sessions of the old password have ended"]);
  });

  it("goes red where neither password opens it", async () => {
    const third = () => {
      editor.behaviour.passwords = { [NAME]: "third" };
    };
    expect(await broken(third)).toEqual(["the new password is accepted"]);
  });

  it.each([
    ["is another one of the same name", container("doom-dev-code-server-1", "b", "2026-02-02")],
    ["is gone", ["doom-dev-code-server-1", { id: "b", name: "doom-dev-code-server-1" }] as const],
  ])("goes red where the volume %s", async (_what, changed) => {
    const swapped = () => runs(changed, container("doom-dev-gateway", "g"));
    expect(await broken(swapped)).toEqual(["its files are on the same volume"]);
  });

  it.each([
    ["was replaced", [container("doom-dev-gateway", "h")]],
    ["is gone", []],
    ["came", [container("doom-dev-gateway", "g"), container("doom-dev-code-server-2", "c")]],
  ])("goes red where another container %s", async (_what, others) => {
    const touched = () => runs(container("doom-dev-code-server-1", "b"), ...others);
    expect(await broken(touched)).toEqual(["all other containers were left alone"]);
  });

  it("asks only for the password that stays when a set one is set again", async () => {
    const before = await observe();
    const claims = await proveSecrets("dev", editor.url, before, values("old password"));
    expect(claims.map(({ statement, holds }) => [statement, holds])).toEqual([
      ["all other containers were left alone", true],
      ["the new password is accepted", true],
      ["its files are on the same volume", true],
    ]);
  });
});

describe("a certificate", () => {
  /** The statements about a gateway that presents `pem`, after a rotation from `before` to `after`. */
  async function brokenWith(pem: string, before: string, after: string): Promise<string[]> {
    const server = tls.createServer({ cert: pem, key: pem });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      const observed = await observeSecrets("dev", url, ["certificate"], values("x", before));
      runs(container("doom-dev-code-server-1", "a"), container("doom-dev-gateway", "h"));
      const claims = await proveSecrets("dev", url, observed, values("x", after));
      expect(claims).toHaveLength(3);
      return claims.filter(({ holds }) => !holds).map(({ statement }) => statement);
    } finally {
      server.close();
    }
  }

  it("is proven by a handshake: the new one and its key, and no longer the old one", async () => {
    const [old, now, third] = await Promise.all(
      [1, 2, 3].map(() => generateCertificate(["127.0.0.1"])),
    );
    if (!old || !now || !third) throw new Error("three certificates were asked for");
    const presentsNew = "the gateway presents the new one and holds its key";
    expect(await brokenWith(now, old, now)).toEqual([]);
    expect(await brokenWith(old, old, now)).toEqual([presentsNew, "the old key is gone"]);
    expect(await brokenWith(third, old, now)).toEqual([presentsNew]);
    expect(await brokenWith(now, now, now)).toEqual(["the old key is gone"]);
  });
});

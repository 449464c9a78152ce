import { describe, expect, it } from "vitest";
import type { Checkpoint, StateResource } from "./checkpoint";
import { keyInventory, secretInventory, secretNameOf, type WantedSecrets } from "./secretInventory";

const COMMAND = "command:local:Command";
const urnOf = (name: string) =>
  `urn:pulumi:dev::doom-coding::a:index:B$${COMMAND}::environment-${name}`;

function generator(name: string, environment: Record<string, unknown> = {}): StateResource {
  return {
    urn: urnOf(`${name}-generate`),
    type: COMMAND,
    inputs: { environment },
    outputs: {},
    protect: true,
    changedAt: "2026-01-02T03:04:05.678Z",
    needs: [],
  };
}

function container(name: string, needs: string[]): StateResource {
  const type = "docker:index/container:Container";
  return { urn: `urn::${name}`, type, inputs: { name }, outputs: {}, protect: false, needs };
}

const state = (...resources: StateResource[]): Checkpoint => ({ resources, pending: [] });
const wanted = (changes: Partial<WantedSecrets> = {}): WantedSecrets => ({
  names: ["code-server-1"],
  given: new Set(),
  rotations: new Map(),
  ...changes,
});

describe("secretNameOf", () => {
  it.each([
    ["code-server-1-password-generate", "code-server-1"],
    ["code-server-12-password-generate", "code-server-12"],
    ["gateway-certificate-generate", "certificate"],
    ["code-server-1-hash-write", undefined],
    ["limits-set", undefined],
  ])("%s makes %s", (name, secret) => {
    expect(secretNameOf({ type: COMMAND, urn: urnOf(name) })).toBe(secret);
  });

  it("takes no other resource for one because of its name", () => {
    const urn = urnOf("gateway-certificate-generate");
    expect(secretNameOf({ type: "docker:index/container:Container", urn })).toBeUndefined();
  });
});

describe("secretInventory", () => {
  it("tells kind, source, age and users, and nothing of the value", () => {
    const password = generator("code-server-1-password", {
      DOOM_GIVEN_PASSWORD: { ciphertext: "v1:canary" },
    });
    const certificate = generator("gateway-certificate", {
      DOOM_ROTATION: "3",
      DOOM_CERTIFICATE_NAMES: "localhost",
    });
    const entries = secretInventory(
      state(
        password,
        certificate,
        container("doom-dev-code-server-1", ["urn::other", password.urn]),
        container("doom-dev-gateway", [certificate.urn]),
      ),
      wanted({
        names: ["code-server-1", "certificate"],
        given: new Set(["code-server-1"]),
        rotations: new Map([["certificate", 3]]),
      }),
    );
    const since = "2026-01-02T03:04:05.678Z";
    expect(entries).toEqual([
      {
        name: "code-server-1",
        kind: "password",
        source: "set",
        rotation: 0,
        since,
        containers: ["doom-dev-code-server-1"],
        pending: false,
      },
      {
        name: "certificate",
        kind: "certificate",
        source: "generated",
        rotation: 3,
        since,
        containers: ["doom-dev-gateway"],
        pending: false,
      },
    ]);
  });

  it("lists what the next up will make", () => {
    expect(secretInventory(state(), wanted())).toEqual([
      {
        name: "code-server-1",
        kind: "password",
        source: "generated",
        rotation: 0,
        containers: [],
        pending: true,
      },
    ]);
  });

  it.each([
    ["was set", {}, { given: new Set(["code-server-1"]) }],
    ["is no longer set", { DOOM_GIVEN_PASSWORD: "x" }, {}],
    ["is to be made anew", { DOOM_ROTATION: "1" }, { rotations: new Map([["code-server-1", 2]]) }],
    ["lost its count", { DOOM_ROTATION: "1" }, {}],
  ])("marks one that %s since the last up", (_what, environment, changes) => {
    const made = state(generator("code-server-1-password", environment));
    expect(secretInventory(made, wanted(changes))[0]?.pending).toBe(true);
  });

  it("believes the state where the configuration is encrypted as a whole", () => {
    const made = state(generator("code-server-1-password", { DOOM_GIVEN_PASSWORD: "x" }));
    const [entry] = secretInventory(made, wanted({ given: undefined }));
    expect(entry).toMatchObject({ source: "set", pending: false });
  });
});

describe("keyInventory", () => {
  const keys = (enabled: boolean) =>
    [{ name: "anthropic-api-key", service: "claude", enabled }] as const;
  /** The command that writes the key of one container. */
  const file = (owner: string, changedAt: string): StateResource => {
    const { changedAt: _, ...made } = generator(owner, {
      DOOM_SECRET: { ciphertext: "v1:canary" },
    });
    return { ...made, urn: urnOf(`${owner}-key-write`), changedAt };
  };
  const [later, earlier] = ["2026-01-02T03:04:05.678Z", "2026-01-01T03:04:05.678Z"];
  const files = [file("claude-1", later), file("claude-12", earlier)] as const;
  const used = state(
    ...files,
    file("tailscale", "2025-01-01T00:00:00.000Z"),
    container("doom-dev-claude-1", [files[0].urn]),
    container("doom-dev-claude-12", [files[1].urn]),
    container("doom-dev-code-server-1", []),
  );

  it("tells since when it is there and who reads it, and nothing of the value", () => {
    const entries = keyInventory(used, keys(true), new Set(["anthropic-api-key"]));
    expect(entries).toEqual([
      {
        name: "anthropic-api-key",
        service: "claude",
        enabled: true,
        kind: "key",
        source: "set",
        since: earlier,
        containers: ["doom-dev-claude-1", "doom-dev-claude-12"],
        pending: false,
      },
    ]);
  });

  it.each([
    ["is wanted and not set", state(), true, [], { source: "none", pending: false }],
    ["was set since the last up", state(), true, ["anthropic-api-key"], { pending: true }],
    ["was taken out since", used, true, [], { source: "none", pending: true }],
    ["was set for what is off", state(), false, ["anthropic-api-key"], { pending: false }],
    ["had its service turned off since", used, false, ["anthropic-api-key"], { pending: true }],
  ])("knows one that %s", (_, checkpoint, enabled, given, expected) => {
    const [entry] = keyInventory(checkpoint, keys(enabled), new Set(given));
    expect(entry).toMatchObject(expected);
  });

  it("leaves out what is neither set nor wanted, and believes the state about a map that is encrypted", () => {
    expect(keyInventory(state(), keys(false), new Set())).toEqual([]);
    expect(keyInventory(used, keys(true), undefined)[0]).toMatchObject({ source: "set" });
    expect(keyInventory(state(), keys(true), undefined)[0]).toMatchObject({ source: "none" });
  });
});

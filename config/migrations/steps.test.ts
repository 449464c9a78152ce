import { describe, expect, test } from "vitest";
import { env1ToEnv2 } from "./env1ToEnv2";
import { env2ToEnv3 } from "./env2ToEnv3";
import { env3ToEnv4 } from "./env3ToEnv4";
import { env4ToSchema0 } from "./env4ToSchema0";
import { schema0ToSchema1 } from "./schema0ToSchema1";
import { type Change, Draft, type Step } from "./step";

type Settings = Record<string, unknown>;

/** What a step makes of settings and secrets. */
function take(step: Step, settings: Settings, secrets: Record<string, string> = {}) {
  const draft = new Draft({
    settings: new Map(Object.entries(settings)),
    secrets: new Map(Object.entries(secrets)),
  });
  step.forward(draft);
  const { configuration, changes } = draft.result;
  return {
    settings: Object.fromEntries(configuration.settings),
    secrets: Object.fromEntries(configuration.secrets),
    changes,
  };
}

const added = (changes: readonly Change[]) =>
  changes.flatMap((change) => (change.kind === "added" ? [change.key] : []));
const dropped = (changes: readonly Change[]) =>
  Object.fromEntries(
    changes.flatMap((change) => (change.kind === "dropped" ? [[change.key, change.reason]] : [])),
  );

describe("env 1 to env 2", () => {
  test("adds the time zone that the containers had, and no key that nobody has", () => {
    const result = take(env1ToEnv2, { PUID: "1", PGID: "2" }, { CODE_SERVER_PASSWORD: "x" });
    expect(result.settings).toEqual({ PUID: "1", PGID: "2", TZ: "UTC" });
    expect(result.secrets).toEqual({ CODE_SERVER_PASSWORD: "x" });
    expect(added(result.changes)).toEqual(["TZ"]);
  });

  test.each(["Europe/Vienna", ""])("never touches a TZ that is set (%j)", (TZ) => {
    expect(take(env1ToEnv2, { TZ })).toEqual({ settings: { TZ }, secrets: {}, changes: [] });
  });
});

describe("env 2 to env 3", () => {
  test("adds what the compose files put in", () => {
    const result = take(env2ToEnv3, { TZ: "UTC", TS_ACCEPT_DNS: "true" });
    expect(result.settings).toEqual({
      TZ: "UTC",
      TS_ACCEPT_DNS: "true",
      WORKSPACE_PATH: "./workspace",
      TS_EXTRA_ARGS: "--advertise-tags=tag:doom-coding",
    });
    expect(added(result.changes)).toEqual(["WORKSPACE_PATH", "TS_EXTRA_ARGS"]);
  });
});

describe("env 3 to env 4", () => {
  test("writes out all that the compose files put in", () => {
    expect(take(env3ToEnv4, { PUID: "5" }).settings).toEqual({
      PUID: "5",
      PGID: "1000",
      TZ: "Europe/Berlin",
      WORKSPACE_PATH: "./workspace",
      TS_ACCEPT_DNS: "false",
      TS_EXTRA_ARGS: "--advertise-tags=tag:doom-coding",
      CODE_SERVER_PORT: "8443",
    });
  });

  test("makes up no architecture and no options for Claude Code", () => {
    const keys = added(take(env3ToEnv4, {}).changes);
    expect(keys).not.toContain("TARGETARCH");
    expect(keys).not.toContain("CLAUDE_AUTOMATION");
  });
});

describe("env 4 to schema 0", () => {
  const SETTINGS = { PUID: "1", PGID: "2", TZ: "UTC", CODE_SERVER_PORT: "8443" };

  test("keeps what a stack can use under its name, and the password as that of editor 1", () => {
    const given = { ...SETTINGS, TS_ACCEPT_DNS: "true" };
    const result = take(env4ToSchema0, given, { CODE_SERVER_PASSWORD: "x" });
    expect(result).toEqual({
      settings: { ...given, schemaVersion: 0 },
      secrets: { "code-server-1": "x" },
      changes: [{ kind: "renamed", key: "CODE_SERVER_PASSWORD", to: "code-server-1" }],
    });
  });

  test("gives a reason for everything else", () => {
    const given = {
      ...SETTINGS,
      TS_ACCEPT_DNS: "false",
      TS_EXTRA_ARGS: "--x",
      WORKSPACE_PATH: "/x",
      TARGETARCH: "amd64",
      CLAUDE_AUTOMATION: "--x",
      COMPOSE_FILE: "x.yml",
      MINE: "x",
      constructor: "x",
      schemaVersion: "9",
      "code-server-1": "x",
      "access.port": "1",
    };
    const secrets = { SUDO_PASSWORD: "x", ANTHROPIC_API_KEY: "x", TS_AUTHKEY: "x" };
    const result = take(env4ToSchema0, given, secrets);
    expect(result.settings).toEqual({ ...SETTINGS, schemaVersion: 0 });
    expect(result.secrets).toEqual({});
    const unknown = "unknown: no compose file of the installer read it";
    expect(dropped(result.changes)).toEqual({
      TS_ACCEPT_DNS: "false is what a stack does anyway",
      TS_EXTRA_ARGS: "a stack's node has the tags of its key, and advertises no routes",
      WORKSPACE_PATH: "it is data and no setting: it goes into the editor's volume",
      TARGETARCH: "images are built for the architecture of the host",
      CLAUDE_AUTOMATION:
        "no compose file of the installer read it; it skips Claude Code's questions",
      COMPOSE_FILE: "Docker Compose itself read it, and a stack does without Compose",
      MINE: unknown,
      constructor: unknown,
      schemaVersion: unknown,
      "code-server-1": unknown,
      "access.port": unknown,
      SUDO_PASSWORD: "editors run with no-new-privileges, under which sudo cannot work",
      ANTHROPIC_API_KEY:
        "set claude.enabled and give it by hand: npx doom secrets set <stack> anthropic-api-key",
      TS_AUTHKEY: "a new node needs a key of its own; see docs/tailscale.md",
    });
  });
});

describe("schema 0 to schema 1", () => {
  const DEFAULTS = {
    "resources.cpus": 2,
    "resources.memory": "2GiB",
    "resources.storage": "10GiB",
    "access.tier": "local",
    "access.port": 8443,
    "network.cidr": "10.87.0.0/24",
    logLevel: "info",
    "image.version": "4.139.1",
  };

  test("puts each setting in its section, with its type", () => {
    const given = {
      schemaVersion: 0,
      PUID: "1001",
      PGID: 1002,
      TZ: "UTC",
      CODE_SERVER_PORT: "9443",
      TS_ACCEPT_DNS: "true",
    };
    expect(take(schema0ToSchema1, given).settings).toEqual({
      ...DEFAULTS,
      schemaVersion: 1,
      "access.port": 9443,
      timeZone: "UTC",
      "user.puid": 1001,
      "user.pgid": 1002,
      "tailscale.acceptDns": true,
    });
  });

  test("keeps what stands there in the new form already", () => {
    const given = { schemaVersion: 0, logLevel: "debug", "access.tier": "limited", other: 1 };
    expect(take(schema0ToSchema1, given).settings).toEqual({
      ...DEFAULTS,
      ...given,
      schemaVersion: 1,
    });
  });

  test.each(["", "abc", "010", "1e3", "-1", "1.5", "99999999999", " 1"])(
    "leaves %j for the schema to refuse as it is written",
    (PUID) => {
      expect(take(schema0ToSchema1, { PUID }).settings["user.puid"]).toBe(PUID);
    },
  );
});

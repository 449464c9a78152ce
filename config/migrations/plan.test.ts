import { describe, expect, test } from "vitest";
import { parseStackFile } from "../../checks/stackFile";
import { type InstallerEnvFile, installerEnvs } from "../../test/support/installerEnvs";
import { ConfigError } from "../errors";
import { type EnvironmentConfig, parseEnvironment } from "../schema";
import { upgradeEnv } from "./envUpgrade";
import { type ConfigurationPlan, planConfiguration } from "./plan";

const bytes = (text: string) => new TextEncoder().encode(text);

function plan(env: string | undefined, stackFile?: string): ConfigurationPlan {
  return planConfiguration({
    stackFile,
    freeRange: (proposed) => proposed.replace(".0.0/", ".7.0/"),
    ...(env === undefined ? {} : { env: { name: "old.env", bytes: bytes(env) } }),
  });
}

function problemsOf(action: () => unknown): readonly string[] {
  try {
    action();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  throw new Error("no error");
}

/** The environment as the program would read it from the planned file. */
function environmentOf({ document }: ConfigurationPlan): EnvironmentConfig {
  const { environment } = parseStackFile(bytes(document.toString()), "Pulumi.dev.yaml");
  return parseEnvironment(environment);
}

function lineOf({ keys }: ConfigurationPlan, key: string): unknown {
  return keys.find((report) => report.key === key);
}

describe("every form of the installer's .env", () => {
  test.each(installerEnvs)("$title becomes a configuration that means the same", (form) => {
    const planned = plan(form.text);
    const { user, timeZone, access } = environmentOf(planned);
    expect({ PUID: String(user.puid), PGID: String(user.pgid), TZ: timeZone }).toEqual(form.meant);
    expect(access).toEqual({ tier: "local", port: form.port });
    expect(planned.secrets).toEqual(new Map([["code-server-1", form.password]]));
    expect(planned.steps[0]?.step.from).toBe(form.version);
    expect(planned.steps.at(-1)?.step.to).toBe("schema 1");
  });

  test.each(installerEnvs)("$title leaves no secret in any text", (form) => {
    const planned = plan(form.text);
    const printed = JSON.stringify([planned.keys, planned.steps, planned.document.toString()]);
    for (const secret of secretsOf(form)) expect(printed).not.toContain(secret);
  });

  test.each(installerEnvs)("$title is told key by key, with nothing left out", (form) => {
    const { keys } = plan(form.text);
    const told = keys.filter(({ outcome }) => outcome !== "added").map(({ key }) => key);
    expect(told.sort()).toEqual(namesOf(form).sort());
  });

  test.each(installerEnvs)("$title in its newest form still means the same", (form) => {
    const upgraded = upgradeEnv({ name: ".env", bytes: bytes(form.text) });
    const { user, timeZone } = environmentOf(plan(upgraded.text));
    expect({ PUID: String(user.puid), PGID: String(user.pgid), TZ: timeZone }).toEqual(form.meant);
    expect(upgradeEnv({ name: ".env", bytes: bytes(upgraded.text) }).text).toBe(upgraded.text);
  });

  /** By another way than the parser's, so that both would have to be wrong. */
  function namesOf({ text }: InstallerEnvFile): string[] {
    return [...text.matchAll(/^\ufeff?(?:export )?([A-Z_]+)[=:]/gm)].map(([, name]) =>
      String(name),
    );
  }

  function secretsOf({ text, password }: InstallerEnvFile): string[] {
    const others = text.matchAll(/^(?:SUDO_PASSWORD|TS_AUTHKEY|ANTHROPIC_API_KEY)=(\w{6,}.*)$/gm);
    return [password, ...[...others].map(([, value]) => String(value))];
  }
});

describe("a stack file beside the .env", () => {
  const OLD = "CODE_SERVER_PASSWORD=old-password\nPUID=1001\nPGID=1002\nTZ=Europe/Vienna\n";
  const STACK = `# mine
config:
  doom-coding:environment:
    schemaVersion: 1
    resources: { cpus: 0.5, memory: 512MiB, storage: 2GiB }
    access:
      tier: local # for now
      port: 8444
    network:
      cidr: 10.9.0.0/24
      egress: [code-server]
    logLevel: debug
    image:
      reference: sha256:${"ab".repeat(32)}
    # the user's own
    user: { puid: 1001 }
  docker:host: unix:///x
`;

  test("keeps all that it says and gets only what it leaves open", () => {
    const planned = plan(OLD, STACK);
    expect(planned.document.toString()).toBe(`# mine
config:
  doom-coding:environment:
    schemaVersion: 1
    resources: { cpus: 0.5, memory: 512MiB, storage: 2GiB }
    access:
      tier: local # for now
      port: 8444
    network:
      cidr: 10.9.0.0/24
      egress: [ code-server ]
    logLevel: debug
    image:
      reference: sha256:${"ab".repeat(32)}
    # the user's own
    user: { puid: 1001, pgid: 1002 }
    timeZone: Europe/Vienna
  docker:host: unix:///x
`);
    expect(planned.keys).toEqual([
      { outcome: "renamed", key: "PUID", to: "user.puid" },
      { outcome: "renamed", key: "PGID", to: "user.pgid" },
      { outcome: "renamed", key: "TZ", to: "timeZone" },
      { outcome: "secret", key: "CODE_SERVER_PASSWORD", to: "code-server-1" },
    ]);
  });

  test("is the same to the byte when it is planned again", () => {
    const once = plan(OLD, STACK).document.toString();
    expect(plan(OLD, once).document.toString()).toBe(once);
    expect(plan(undefined, once).document.toString()).toBe(once);
    expect(plan(undefined, STACK).document.toString()).toBe(STACK);
  });

  test("wins over the .env, which is told", () => {
    const own = STACK.replace("puid: 1001", "puid: 7");
    const planned = plan(`${OLD}CODE_SERVER_PORT=9443\n`, own);
    expect(environmentOf(planned).user).toEqual({ puid: 7, pgid: 1002 });
    expect(environmentOf(planned).access.port).toBe(8444);
    const reason = (said: string) => `the stack's file says ${said}`;
    expect([lineOf(planned, "PUID"), lineOf(planned, "CODE_SERVER_PORT")]).toEqual([
      { outcome: "notCarried", key: "PUID", reason: reason("user.puid: 7 (number)") },
      {
        outcome: "notCarried",
        key: "CODE_SERVER_PORT",
        reason: reason("access.port: 8444 (number)"),
      },
    ]);
  });

  test("keeps a password that it has", () => {
    const own = `${STACK}  doom-coding:secrets:\n    code-server-1:\n      secure: v1:abc\n`;
    const planned = plan(OLD, own);
    expect(planned.secrets).toEqual(new Map());
    expect(lineOf(planned, "CODE_SERVER_PASSWORD")).toEqual({
      outcome: "notCarried",
      key: "CODE_SERVER_PASSWORD",
      reason: "the stack has a code-server-1 already, which stays",
    });
  });

  test.each([
    ["an empty one", ""],
    ["one without an environment", "config:\n  docker:host: x\n"],
  ])("%s takes all of it", (_title, own) => {
    expect(environmentOf(plan(OLD, own))).toEqual(environmentOf(plan(OLD)));
  });
});

describe("a stack file of schema 0", () => {
  const OLD = `# top
encryptionsalt: v1:abc=:v1:def:ghi

config:
  doom-coding:environment:
    schemaVersion: 0
    # the owner
    PUID: "1001" # as on the host
    PGID: 1002

    TZ: Europe/Vienna
    CODE_SERVER_PORT: "9443"
    logLevel: warn # less noise
  doom-coding:secrets:
    code-server-1:
      secure: v1:xyz
`;

  test("becomes one of schema 1, its comments where their settings are", () => {
    const planned = plan(undefined, OLD);
    expect(planned.document.toString()).toBe(`# top
encryptionsalt: v1:abc=:v1:def:ghi

config:
  doom-coding:environment:
    schemaVersion: 1
    logLevel: warn # less noise
    resources:
      cpus: 2
      memory: 2GiB
      storage: 10GiB
    access:
      tier: local
      port: 9443
    network:
      cidr: 10.87.7.0/24

    timeZone: Europe/Vienna
    user:
      # the owner
      puid: 1001 # as on the host
      pgid: 1002
    image:
      version: 4.139.1
  doom-coding:secrets:
    code-server-1:
      secure: v1:xyz
`);
    expect(lineOf(planned, "logLevel")).toEqual({ outcome: "kept", key: "logLevel" });
    expect(lineOf(planned, "network.cidr")).toEqual({
      outcome: "added",
      key: "network.cidr",
      value: "10.87.7.0/24",
      reason: "a stack needs it",
    });
    expect(lineOf(planned, "schemaVersion")).toBeUndefined();
    const once = planned.document.toString();
    expect(plan(undefined, once).document.toString()).toBe(once);
  });

  test("is refused by the names that stand in it", () => {
    const bad = OLD.replace('"1001"', "0").replace("Europe/Vienna", "Mars/Olympus");
    expect(problemsOf(() => plan(undefined, `${bad}  x:y: 1\n`))).toEqual([
      'doom-coding:environment.TZ: got "Mars/Olympus"; allowed: an IANA time zone name such as UTC or Europe/Berlin',
      "doom-coding:environment.PUID: got 0 (number); allowed: a user id from 1 to 2147483647",
    ]);
  });

  test("keeps what it does not know, for the schema to refuse", () => {
    const problems = problemsOf(() => plan(undefined, OLD.replace("logLevel", "loglevel")));
    expect(problems).toEqual(["doom-coding:environment.loglevel: unknown key; nothing reads it"]);
  });

  test.each([
    ["2", "2 (number)", " (a newer doom-coding wrote this file)"],
    ["-1", "-1 (number)", ""],
    ["0.5", "0.5 (number)", ""],
    ['"0"', '"0"', ""],
    ["null", "null", ""],
  ])("a schemaVersion %s is refused", (written, got, hint) => {
    const text = OLD.replace("schemaVersion: 0", `schemaVersion: ${written}`);
    expect(problemsOf(() => plan(undefined, text))).toEqual([
      `doom-coding:environment.schemaVersion: got ${got}; allowed: a whole number from 0 to 1${hint}`,
    ]);
  });
});

import { randomBytes } from "node:crypto";
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseDocument } from "yaml";
import { SecretSearch } from "../../checks/secretSearch";
import { EngineCommand, findEngine } from "../../operations/engine";
import { findLocks } from "../../operations/locks";
import { passphrasePath } from "../../operations/passphrase";
import { changeFiles, prepareChange } from "../../operations/passphraseChange";
import { findProject, type Project } from "../../operations/project";
import { statePath } from "../../operations/stateFiles";
import { containerIds, engine, isHealthy, runIn, waitForContainer } from "../support/dockerHost";
import { DoomProcess, runDoom } from "../support/doomProcess";
import { EditorClient } from "../support/editorClient";
import type { LiveEnvironment, RunResult, StackOutputs } from "../support/liveEnvironment";
import { type LiveProject, startProject } from "../support/liveProject";
import { handshake } from "../support/tlsProbe";

/*
 * `doom secrets` on a running environment with two editors behind TLS. Each test leaves it as the next one
 * expects it. What the commands prove by themselves is tried here once more, by another client.
 */
const COMMENT = "# kept by every edit";
let project: LiveProject;
let environment: LiveEnvironment;
let stack: string;
let outputs: StackOutputs;
/** An image that only one test has a use for. */
let forgetful: string | undefined;

const doom = (args: readonly string[], input?: string): Promise<RunResult> =>
  environment.run(process.execPath, ["bin/cli/main.js", ...args], input);
const stackFile = () => path.join(environment.root, `Pulumi.${stack}.yaml`);
const editor = (n: number) => `doom-${stack}-code-server-${n}`;

/** Runs `doom` and expects it to succeed. */
async function succeeds(args: readonly string[], input?: string): Promise<RunResult> {
  const result = await doom(args, input);
  expect(result.code, `${args.join(" ")}: ${result.stdout}${result.stderr}`).toBe(0);
  return result;
}

const passwordOf = async (n: number) =>
  (await succeeds(["password", stack, String(n)])).stdout.slice(0, -1);

/** A visitor of editor n, logged in with `password` or not let in. */
async function visitor(n: number, password: string): Promise<EditorClient> {
  const client = new EditorClient(outputs.url);
  client.cookies.set(`doom-${stack}`, `code-server-${n}`);
  await client.login(password);
  return client;
}

const opens = async (n: number, password: string) => (await visitor(n, password)).getsIn();

async function presented(): Promise<string> {
  return (await handshake("127.0.0.1", environment.port, "TLSv1.3")).fingerprint;
}

beforeAll(async () => {
  project = await startProject({
    secrets: { instances: 2, access: { tier: "limited" } },
    other: {},
  });
  environment = project.environment("secrets");
  stack = environment.stack;
  writeFileSync(stackFile(), `${COMMENT}\n${readFileSync(stackFile(), "utf8")}`);
  await succeeds(["up", stack]);
  outputs = await environment.outputs();
  for (const n of [1, 2]) await runIn(editor(n), ["sh", "-c", "echo precious > /config/precious"]);
});
afterAll(async () => {
  await project?.dispose();
  if (forgetful) await engine.getImage(forgetful).remove({ force: true });
});

describe("doom secrets list", () => {
  it("names every secret and shows none", async () => {
    const { stdout } = await succeeds(["secrets", "list", stack]);
    expect(stdout).toMatch(
      new RegExp(`^code-server-2 +password +generated +20\\S+Z +0 +${editor(2)}$`, "m"),
    );
    expect(stdout).toMatch(/^certificate +certificate +generated /m);
    const json = await succeeds(["secrets", "list", stack, "--json"]);
    expect(JSON.parse(json.stdout).secrets).toHaveLength(3);
    const passwords = Object.entries(outputs.passwords).map(([name, value]) => ({ name, value }));
    expect(new SecretSearch(passwords).findIn(stdout + json.stdout)).toEqual([]);
  });
});

describe("doom secrets set", () => {
  const ODD = `$\{HOME} $(id) \`id\` "q" 'q' \\ %s #{x} пароль 🔑 ${randomBytes(9).toString("base64url")} `;
  const LONGEST = ODD + "é".repeat(Math.floor((1024 - Buffer.byteLength(ODD)) / 2));

  it.each([
    ["empty", () => "", "is empty or blank"],
    ["blank", () => "   \n", "is empty or blank"],
    ["two lines", () => "canary one\ncanary two\n", "holds a line break"],
    ["1 MiB", () => "c".repeat(2 ** 20), "is 1048576 bytes long; up to 1024 are allowed"],
    ["a placeholder", () => "changeme", "is a placeholder"],
    ["ciphertext", () => `v1:${"A".repeat(16)}:Y2FuYXJ5`, "is Pulumi ciphertext"],
    ["another editor's", () => outputs.passwords["2"] ?? "", "is that of code-server-2"],
  ])("refuses a value that is %s, and changes nothing", async (_what, value, problem) => {
    const before = readFileSync(stackFile(), "utf8");
    const { code, stdout, stderr } = await doom(
      ["secrets", "set", stack, "code-server-1"],
      value(),
    );
    expect([code, stdout]).toEqual([3, ""]);
    expect(stderr).toContain(`doom-coding:secrets.code-server-1: the password ${problem}`);
    if (value().trim() !== "") expect(stderr).not.toContain(value().trim());
    expect(readFileSync(stackFile(), "utf8")).toBe(before);
  });

  it("refuses a value on its command line", async () => {
    const args = ["secrets", "set", stack, "code-server-1", "canary-on-the-command-line"];
    const { code, stderr } = await doom(args);
    expect(code).toBe(2);
    expect(stderr).toContain("A secret does not belong on a command line.");
    expect(stderr).not.toContain("canary");
  });

  it("sets the longest password with odd characters, which then logs in exactly as it is", async () => {
    const [before, old] = [await containerIds(stack), outputs.passwords["1"] ?? ""];
    const session = await visitor(1, old);
    const { stdout } = await succeeds(["secrets", "set", stack, "code-server-1"], `${LONGEST}\n`);
    expect(stdout).toContain(
      "the old password is refused; sessions of the old password have ended",
    );
    expect(await passwordOf(1)).toBe(LONGEST);
    expect(await opens(1, LONGEST)).toBe(true);
    expect([await opens(1, old), await session.getsIn()]).toEqual([false, false]);
    const after = await containerIds(stack);
    expect(after).toEqual({ ...before, [editor(1)]: after[editor(1)] });
    expect(after[editor(1)]).not.toBe(before[editor(1)]);
    const file = readFileSync(stackFile(), "utf8");
    expect(file.startsWith(`${COMMENT}\n`)).toBe(true);
    expect(file).not.toContain("🔑");
  });
});

describe("doom secrets rotate", () => {
  it("does not replace what the user set", async () => {
    const { code, stderr } = await doom(["secrets", "rotate", stack, "code-server-1"]);
    expect(code).toBe(2);
    expect(stderr).toContain(`set another one: npx doom secrets set ${stack} code-server-1`);
  });

  it("killed with a new editor up: the valid password is told, and another run does all of it", async () => {
    await succeeds(["secrets", "unset", stack, "code-server-1", "--no-up"]);
    expect((await succeeds(["secrets", "list", stack])).stdout).toMatch(
      /^code-server-1 .* \(the next up makes it\)$/m,
    );
    const old = [await passwordOf(1), await passwordOf(2)] as const;
    const sessions = [await visitor(1, old[0]), await visitor(2, old[1])] as const;
    const certificate = await presented();

    const both = ["secrets", "rotate", stack, "code-server-1", "code-server-2"];
    await killOnce(new DoomProcess(environment.root, both), editor(2));
    await waitForContainer(editor(2), isHealthy);
    const between = await passwordOf(2);
    expect(between).not.toBe(old[1]);
    expect(await opens(2, between)).toBe(true);

    const { stdout } = await succeeds(["secrets", "rotate", stack, "--json"]);
    const { claims } = JSON.parse(stdout) as { claims: { secret?: string; holds: boolean }[] };
    expect(claims.map(({ secret, holds }) => [secret, holds])).toEqual([
      [undefined, true],
      ...Array(2).fill(["certificate", true]),
      ...Array(4).fill(["code-server-1", true]),
      ...Array(4).fill(["code-server-2", true]),
    ]);
    expect(await presented()).not.toBe(certificate);
    expect(await opens(2, between)).toBe(false);
    for (const [position, n] of [1, 2].entries()) {
      expect(await opens(n, old[position] ?? "")).toBe(false);
      expect(await sessions[position]?.getsIn()).toBe(false);
      expect(await opens(n, await passwordOf(n))).toBe(true);
      expect(await runIn(editor(n), ["cat", "/config/precious"])).toBe("precious\n");
    }
    expect(readFileSync(stackFile(), "utf8").startsWith(`${COMMENT}\n`)).toBe(true);
  });

  /** Kills the engine of `run` when the container `name` is another one and runs. */
  async function killOnce(run: DoomProcess, name: string): Promise<void> {
    const before = (await containerIds(stack))[name];
    await run.until(async () => {
      const id = (await containerIds(stack))[name];
      const isNew = id !== undefined && id !== before;
      return isNew && (await engine.getContainer(id).inspect()).State.Running ? true : undefined;
    });
    for (const { judgement } of findLocks(findProject(environment.root, {}), stack)) {
      if (judgement.kind === "live") process.kill(judgement.pid, "SIGKILL");
    }
    expect((await run.result()).code).not.toBe(0);
  }

  it("is something that a plain preview agrees with", async () => {
    expect(await environment.plan()).toEqual([]);
  });

  it("refuses to go on while more than secrets waits, and takes its edit back", async () => {
    environment.configure((value) => ({ ...value, logLevel: "info" }));
    const before = readFileSync(stackFile(), "utf8");
    const { code, stderr } = await doom(["secrets", "rotate", stack, "code-server-2"]);
    expect(code).toBe(3);
    expect(stderr).toContain(`replace Container ${editor(1)}`);
    expect(readFileSync(stackFile(), "utf8")).toBe(before);
    environment.configure((value) => ({ ...value, logLevel: "debug" }));
  });
});

describe("ciphertext pasted from another stack", () => {
  it("is named by its path, and opens no door", async () => {
    const other = project.environment("other");
    const key = ["config", "set", "--secret", "--path", "doom-coding:secrets.code-server-1"];
    await other.pulumiWithInput("canary of another stack", ...key);
    const pasted = ["config", "doom-coding:secrets"];
    const theirs = path.join(other.root, `Pulumi.${other.stack}.yaml`);
    const before = readFileSync(stackFile(), "utf8");
    const document = parseDocument(before);
    document.setIn(pasted, parseDocument(readFileSync(theirs, "utf8")).getIn(pasted));
    writeFileSync(stackFile(), document.toString());
    try {
      for (const command of ["up", "preview", "password"]) {
        const { code, stderr } = await doom([command, stack]);
        expect([command, code]).toEqual([command, 3]);
        expect(stderr).toContain(
          "doom-coding:secrets.code-server-1: encrypted for another stack, or damaged",
        );
      }
      const plain = await environment.tryPulumi("preview");
      expect([plain.code === 0, plain.stderr]).toEqual([
        false,
        expect.stringContaining("message authentication failed"),
      ]);
    } finally {
      writeFileSync(stackFile(), before);
    }
  });
});

describe("doom secrets passphrase", () => {
  const file = () => passphrasePath(projectOf(), stack);
  const projectOf = (): Project => findProject(environment.root, {});
  const change = (...args: string[]) => ["secrets", "passphrase", stack, ...args];

  const command = async () => new EngineCommand(await findEngine(projectOf()));

  /** The passwords as Pulumi itself tells them with this passphrase; undefined when it is refused. */
  async function passwordsWith(passphrase: string): Promise<Record<string, string> | undefined> {
    const args = ["stack", "output", "passwords", "--json", "--show-secrets", "--stack", stack];
    try {
      const variables = { PULUMI_CONFIG_PASSPHRASE: passphrase };
      const { stdout } = await (await command()).run(args, environment.root, variables);
      return JSON.parse(stdout);
    } catch (error) {
      expect((error as Error).message).toContain("incorrect passphrase");
      return undefined;
    }
  }

  async function isConsistent(passwords: Record<string, string> | undefined): Promise<void> {
    expect(await passwordsWith(readFileSync(file(), "utf8").trim())).toEqual(passwords);
    expect(existsSync(`${file()}.change`)).toBe(false);
  }

  it("changes it: the old one opens nothing, all else is the same", async () => {
    const old = readFileSync(file(), "utf8").trim();
    const [passwords, ids] = [await passwordsWith(old), await containerIds(stack)];
    expect(Object.keys(passwords ?? {})).toEqual(["1", "2"]);
    const { stdout, stderr } = await succeeds(change());
    const now = readFileSync(file(), "utf8").trim();
    expect(now).toMatch(/^[\w-]{43}$/);
    expect(await passwordsWith(old)).toBeUndefined();
    expect(await passwordsWith(now)).toEqual(passwords);
    expect(await environment.plan()).toEqual([]);
    expect(await containerIds(stack)).toEqual(ids);
    for (const text of [stdout, stderr]) expect(text).not.toMatch(new RegExp(`${old}|${now}`));
    for (const kind of ["backups", "history"]) {
      expect(stdout).toMatch(
        new RegExp(`/\\.state/\\.pulumi/${kind}/doom-coding/${stack}: \\d+ files?`),
      );
    }
    const backup = readFileSync(`${statePath(projectOf(), stack)}.bak`, "utf8");
    expect(backup).toBe(readFileSync(statePath(projectOf(), stack), "utf8"));
  });

  it.each([
    ["while Pulumi works on the copy", () => `${file()}.change/trial/state/.pulumi/stacks`],
    ["when the copy is proven", () => `${file()}.change/change.json`],
  ])("killed %s: all is as before or waits to be finished", async (_when, sign) => {
    const passwords = await passwordsWith(readFileSync(file(), "utf8").trim());
    const run = new DoomProcess(environment.root, change());
    await run.until(() => (existsSync(sign()) ? true : undefined));
    run.signal("SIGKILL");
    await run.result();
    await succeeds(change());
    await isConsistent(passwords);
  });

  it.each([
    ["nothing", []],
    ["the state", ["state"]],
    ["both files", ["state", "stackFile"]],
  ] as const)(
    "cut off with %s switched: only to finish it is possible",
    async (_what, switched) => {
      const passwords = await passwordsWith(readFileSync(file(), "utf8").trim());
      const next = randomBytes(18).toString("base64url");
      await prepare(next);
      const prepared = changeFiles(projectOf(), stack);
      const originals = { state: statePath(projectOf(), stack), stackFile: stackFile() };
      for (const name of switched) copyFileSync(prepared[name], originals[name]);
      const refused = await doom(["preview", stack]);
      expect([refused.code, refused.stderr]).toEqual([
        4,
        expect.stringContaining(`Fix: finish it: npx doom secrets passphrase ${stack}`),
      ]);
      const { stdout } = await succeeds(change());
      expect(stdout).toContain("The change that was interrupted is finished.");
      expect(readFileSync(file(), "utf8").trim()).toBe(next);
      await isConsistent(passwords);
    },
  );

  it("takes the user's own from standard input, and refuses to change an exported one", async () => {
    const passwords = await passwordsWith(readFileSync(file(), "utf8").trim());
    const own = `my "own" $phrase \`id\` é ${randomBytes(9).toString("hex")}`;
    await succeeds(change("--stdin"), `${own}\n`);
    expect(await passwordsWith(own)).toEqual(passwords);
    const again = await doom(change("--stdin"), own);
    expect([again.code, again.stderr]).toEqual([
      2,
      expect.stringContaining("already; nothing was"),
    ]);
    const exported = { PULUMI_CONFIG_PASSPHRASE: own };
    const { code, stderr } = await runDoom(environment.root, change(), exported);
    expect(code).toBe(2);
    expect(stderr).toContain(`The passphrase of ${stack} is exported by PULUMI_CONFIG_PASSPHRASE.`);
    await isConsistent(passwords);
  });

  async function prepare(passphrase: string): Promise<void> {
    const old = readFileSync(file(), "utf8").trim();
    const engine = { project: projectOf(), stack, command: await command() };
    await prepareChange(engine, old, passphrase);
  }
});

describe("an editor that does not take over its new password", () => {
  it("turns the proof red", async () => {
    forgetful = await forgetfulImage();
    environment.configure((value) => ({ ...value, image: { reference: forgetful } }));
    await succeeds(["up", stack]);
    const { code, stdout, stderr } = await doom(["secrets", "rotate", stack, "code-server-1"]);
    expect([code, stdout]).toEqual([8, ""]);
    expect(stderr).toContain(`The new secrets of ${stack} are applied, but not proven:`);
    for (const statement of [
      "the old password is refused",
      "sessions of the old password have ended",
      "the new password is accepted",
    ]) {
      expect(stderr).toContain(`not true: code-server-1: ${statement}`);
    }
  });

  /**
   * The editor's image, except that it keeps to the first secret file that its volume has seen. It has that
   * where editors write at each start, or the rehearsal would take it for a change of the user's data.
   */
  async function forgetfulImage(): Promise<string> {
    const first = "/config/data/logs/.first";
    const start = `[ -s ${first} ] || cp $FILE__HASHED_PASSWORD ${first}; FILE__HASHED_PASSWORD=${first} exec /usr/local/bin/entrypoint`;
    const { Image } = await engine.getContainer(editor(1)).inspect();
    const container = await engine.createContainer({ Image });
    try {
      const changes = `ENTRYPOINT ["/bin/sh","-c",${JSON.stringify(start)}]`;
      const { Id } = (await container.commit({ changes })) as { Id: string };
      return Id;
    } finally {
      await container.remove();
    }
  }
});

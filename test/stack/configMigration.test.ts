import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SecretSearch } from "../../checks/secretSearch";
import { engine, runIn } from "../support/dockerHost";
import { EditorClient } from "../support/editorClient";
import { installerEnvs } from "../support/installerEnvs";
import type { LiveEnvironment, RunResult, StackOutputs } from "../support/liveEnvironment";
import { createProjectCopy, type ProjectCopy } from "../support/projectCopy";
import { asSchema0 } from "../support/schema0";

/*
 * An installer's .env becomes a running environment, and a stack file of an older schema the same one
 * again, with real engine, containers and files. Each part begins where the one before it ended.
 */
const PASSWORD = "given p\u00e4$$word #1 '\"\\";
const SUDO = "sudo-canary-password";
const MEANT = { PUID: "1234", PGID: "1235", TZ: "Asia/Kathmandu" };
let copy: ProjectCopy;
let environment: LiveEnvironment;
let file: string;
let env: string;
let port: number;
let cidr: string;
let outputs: StackOutputs;

/** In double quotes, where Compose wants \\, ", $ and line breaks escaped. */
const quoted = (text: string) => `"${text.replace(/["\\$]/g, "\\$&")}"`;

beforeAll(async () => {
  copy = createProjectCopy();
  environment = await copy.addStack();
  ({ port, cidr } = environment);
  file = path.join(copy.root, `Pulumi.${environment.stack}.yaml`);
  rmSync(file);
  env = path.join(copy.root, "old.env");
  const text = [
    "# mine",
    `CODE_SERVER_PASSWORD=${quoted(PASSWORD)}`,
    `SUDO_PASSWORD=${SUDO}`,
    `CODE_SERVER_PORT=${port}`,
    ...Object.entries(MEANT).map(([name, value]) => `${name}=${value}`),
    "WORKSPACE_PATH=/srv/projects",
    "MY_OWN=thing",
    "",
  ];
  writeFileSync(env, text.join("\n"));
});
afterAll(() => copy?.dispose());

/** Every file of the state, whatever it is for. */
const stateFiles = () =>
  readdirSync(path.join(copy.root, ".state"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));

const migrate = (...args: string[]) =>
  environment.run(process.execPath, [
    "bin/cli/main.js",
    "migrate",
    "config",
    environment.stack,
    ...args,
  ]);

function document({ code, stdout, stderr }: RunResult) {
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

/** Names with what became of them. */
const outcomes = ({ keys }: { keys: { key: string; outcome: string }[] }) =>
  Object.fromEntries(keys.map(({ key, outcome }) => [key, outcome]));

describe("an installer's .env", () => {
  it("is shown key by key, and nothing is written", async () => {
    const shown = document(await migrate("--from", env, "--dry-run", "--json"));
    expect(shown.changed).toBe(false);
    expect(outcomes(shown)).toMatchObject({
      CODE_SERVER_PASSWORD: "secret",
      PUID: "renamed",
      CODE_SERVER_PORT: "renamed",
      "access.tier": "added",
      SUDO_PASSWORD: "notCarried",
      MY_OWN: "notCarried",
    });
    expect(existsSync(file)).toBe(false);
    expect(stateFiles()).toEqual([]);
  });

  it("becomes a stack with its password encrypted, and no secret anywhere else", async () => {
    const plain = await migrate("--from", env);
    expect(plain.code, plain.stderr).toBe(0);
    expect(plain.stderr).toContain(`Created ${environment.stack}.`);
    expect(readFileSync(file, "utf8")).toContain("secure: v1:");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const search = new SecretSearch([
      { name: "password", value: PASSWORD },
      { name: "sudo", value: SUDO },
    ]);
    const places = [
      plain.stdout,
      plain.stderr,
      ...[file, ...stateFiles()].map((one) => readFileSync(one)),
    ];
    expect(places.map((place) => search.findIn(place))).toEqual(places.map(() => []));
    const config = JSON.parse(await environment.pulumi("config", "--show-secrets", "--json"));
    expect(config["doom-coding:secrets"].objectValue).toEqual({ "code-server-1": PASSWORD });
  });

  it("changes not a byte the second time", async () => {
    const before = readFileSync(file);
    const again = document(await migrate("--from", env, "--json"));
    expect(again.changed).toBe(false);
    expect(readFileSync(file)).toEqual(before);
    expect(existsSync(`${file}.bak`)).toBe(false);
  });

  it("deploys, and its container's environment is what the old one was", async () => {
    environment.configure((value) => ({
      ...value,
      network: { cidr },
      resources: { cpus: 0.5, memory: "512MiB", storage: "256MiB" },
    }));
    await environment.up();
    outputs = await environment.outputs();
    expect(outputs.url).toBe(`http://127.0.0.1:${port}/`);
    const editor = outputs.instances[0]?.container ?? "";
    const { Config } = await engine.getContainer(editor).inspect();
    for (const [name, value] of Object.entries(MEANT))
      expect(Config.Env).toContain(`${name}=${value}`);
    expect(await runIn(editor, ["date", "+%z"])).toBe("+0545\n");
    const owner = ["stat", "--format", "%u:%g", "/config/workspace"];
    expect(await runIn(editor, owner)).toBe(`${MEANT.PUID}:${MEANT.PGID}\n`);
    expect(JSON.stringify(Config)).not.toContain(SUDO);
  });

  it("lets its user in with the old password, and nobody with another", async () => {
    const [user, stranger] = [new EditorClient(outputs.url), new EditorClient(outputs.url)];
    await user.login(PASSWORD);
    await stranger.login(SUDO);
    expect([await user.getsIn(), await stranger.getsIn()]).toEqual([true, false]);
  });

  it("leaves the proof of the schema in the state", async () => {
    const { resources } = await environment.plainState();
    const check = resources.find(({ urn }) => urn.endsWith("::environment-configuration-check"));
    const printed = check?.outputs as { stdout: string } | undefined;
    expect(JSON.parse(printed?.stdout ?? "")).toMatchObject({
      file: `Pulumi.${environment.stack}.yaml`,
      schema: "schema 1",
    });
    expect(await environment.plan()).toEqual([]);
  });
});

describe("a stack file of schema 0", () => {
  let old: string;

  beforeAll(() => {
    environment.configure(asSchema0);
    old = readFileSync(file, "utf8").replace("    PUID:", "    # mine\n    PUID:");
    writeFileSync(file, old);
  });

  it.each(["up", "preview"])("is refused by `doom %s` with the way out", async (command) => {
    const args = ["bin/cli/main.js", command, environment.stack];
    const { code, stderr } = await environment.run(process.execPath, args);
    expect(code).toBe(3);
    expect(stderr).toContain(
      `doom-coding:environment: has schemaVersion 0; run \`npx doom migrate config ${environment.stack}\``,
    );
  });

  it("becomes the one that is running: an up would change nothing", async () => {
    const { changed, backup, steps } = document(await migrate("--json"));
    expect({ changed, backup, steps: steps.length }).toEqual({
      changed: true,
      backup: `Pulumi.${environment.stack}.yaml.bak`,
      steps: 1,
    });
    expect(readFileSync(`${file}.bak`, "utf8")).toBe(old);
    expect(readFileSync(file, "utf8")).toContain("      # mine\n      puid: 1234\n");
    expect(await environment.plan("--expect-no-changes")).toEqual([]);
  });
});

describe("an .env that cannot be written", () => {
  const PROGRAM = "/app/bin/operations/configMigration.js";

  /** A folder of root's with an .env in it, and the compiled program, in the editor's image. */
  async function inContainer(lines: readonly string[], user = "0"): Promise<string> {
    const folder = path.join(copy.root, "installer");
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, ".env"), installerEnvs[0]?.text as string);
    const container = await engine.createContainer({
      Image: outputs.imageDigests.codeServer,
      Entrypoint: ["sh", "-c", lines.join("\n")],
      Cmd: [],
      User: user,
      // One stream for what is printed and what is complained about.
      Tty: true,
      Healthcheck: { Test: ["NONE"] },
      Labels: { "doom.stack": environment.stack },
      HostConfig: {
        NetworkMode: "none",
        Tmpfs: { "/small": "size=64k" },
        Binds: [
          `${copy.root}/bin:/app/bin:ro`,
          `${realpathSync(path.join(copy.root, "node_modules"))}:/app/node_modules:ro`,
          `${folder}:/fixed:ro`,
          `${folder}:/roots`,
        ],
      },
    });
    try {
      await container.start();
      await container.wait();
      const logs = await container.logs({ stdout: true, stderr: true, follow: false });
      return logs.toString("utf8").replaceAll("\r\n", "\n");
    } finally {
      await container.remove({ force: true });
    }
  }

  const migrateIn = (folder: string) => [
    `node ${PROGRAM} env ${folder}/.env`,
    `echo "code $?"`,
    `cmp -s /fixed/.env ${folder}/.env && echo same`,
    `ls -A1 ${folder}`,
  ];

  it("because the disk is full stays as it was, and is written once there is room", async () => {
    const output = await inContainer([
      "cp /fixed/.env /small/.env",
      "dd if=/dev/zero of=/small/rest bs=4k 2> /dev/null",
      ...migrateIn("/small"),
      "rm /small/rest",
      ...migrateIn("/small"),
      "cmp -s /fixed/.env /small/.env.bak && echo kept",
    ]);
    expect(output).toContain("configuration: /small/.env cannot be replaced (ENOSPC).");
    expect(output).toContain("code 1\nsame\n.env\nrest\n");
    expect(output).toMatch(/"changed":true.*\ncode 0\n\.env\n\.env\.bak\nkept\n$/);
  });

  it("because its file system is read-only stays as it was", async () => {
    const output = await inContainer(migrateIn("/fixed"));
    expect(output).toContain("configuration: /fixed/.env cannot be replaced (EROFS).");
    expect(output).toContain("code 1\nsame\n.env\n");
  });

  it("because its folder is not the user's stays as it was", async () => {
    const output = await inContainer(migrateIn("/roots"), "65534");
    expect(output).toContain("configuration: /roots/.env cannot be replaced (EACCES).");
    expect(output).toContain("code 1\nsame\n.env\n");
  });
});

import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { compareManifests } from "../../checks/manifestCompare";
import { SecretSearch } from "../../checks/secretSearch";
import { dockerLabels, dockerName } from "../../config/names";
import { createManifest, manifestEntries } from "../../operations/manifest";
import {
  READING,
  type ToolsMount,
  WRITING,
  withToolsContainer,
} from "../../operations/toolsContainer";
import { engine, isHealthy, runIn, volumesOf, waitForContainer } from "../support/dockerHost";
import { DoomProcess, runDoom } from "../support/doomProcess";
import { EditorClient, editorSocketPath, WORKBENCH } from "../support/editorClient";
import { hardTreeScript } from "../support/hardTree";
import {
  EXTENSION,
  OLD_PASSWORD,
  OLD_SUDO,
  OldInstallation,
  SETTINGS,
} from "../support/oldInstallation";
import { createProjectCopy, freePort, type ProjectCopy } from "../support/projectCopy";
import { buildImage } from "./fixtures/image/imageContainer";

/*
 * A setup of the single-host installer, with a real editor in it, becomes an environment: refused while
 * something is wrong, killed twice on the way, and in the end whole, with the old one as it was. Each part
 * begins where the one before it ended.
 */
const PROJECTS = `
  printf 'from the old workspace\\n' > hello.txt
  mkdir hard; (cd hard; ${hardTreeScript({ files: 200, sparse: "16M" })})
  chown 1000:1000 . hello.txt`;
const old = new OldInstallation();
let copy: ProjectCopy;
let stack: string;
let file: string;
let port: number;
let run: DoomProcess;

beforeAll(async () => {
  copy = createProjectCopy();
  ({ stack } = await copy.addStack());
  file = path.join(copy.root, `Pulumi.${stack}.yaml`);
  rmSync(file);
  await old.start(await buildImage("code-server"), PROJECTS);
  port = await freePort();
});
afterEach(() => run?.signal("SIGKILL"));
afterAll(async () => {
  await copy?.dispose();
  await old.dispose();
});

const adopt = (...args: string[]) =>
  runDoom(copy.root, ["adopt", stack, "--from", old.env, ...args]);
const chosen = () => ["--port", String(port)];

/** The manifest of a tree, made apart from any adoption. */
async function manifest(mount: Pick<ToolsMount, "kind" | "from">, below = ""): Promise<string> {
  const name = path.join(copy.root, `manifest-${Math.random()}`);
  await withToolsContainer(
    { mounts: [{ ...mount, at: "/tree", readOnly: true }], capabilities: READING },
    (tools) => createManifest(tools, { root: `/tree${below}`, file: name }),
  );
  return name;
}
const configNow = () => manifest({ kind: "volume", from: old.config });
const workspaceNow = () => manifest({ kind: "directory", from: old.workspace });

async function differences(one: string, other: string) {
  const all = [];
  for await (const difference of compareManifests(manifestEntries(one), manifestEntries(other)))
    all.push(difference);
  return all;
}

/** Runs a bash script as root in the volume of an environment's first editor. */
async function inNewVolume(script: string, of = stack): Promise<void> {
  const from = dockerName(of, "data", 1);
  const mount = { kind: "volume", from, at: "/tree", readOnly: false } as const;
  await withToolsContainer({ mounts: [mount], capabilities: WRITING }, (tools) =>
    tools.run(["bash", "-euo", "pipefail", "-c", `cd /tree\n${script}`]),
  );
}

/** What must not change while nothing is carried out. */
async function traces() {
  const [editor, claude] = await Promise.all([old.editor.inspect(), old.claude.inspect()]);
  return {
    file: existsSync(file),
    state: readdirSync(path.join(copy.root, ".state"), { recursive: true }),
    volumes: (await volumesOf(stack)).map(({ Name }) => Name),
    started: [editor, claude].map(({ State }) => State.StartedAt),
    env: readFileSync(old.env, "utf8"),
  };
}

describe("while nothing is carried out", () => {
  let before: Awaited<ReturnType<typeof traces>>;
  let manifests: [string, string];
  beforeAll(async () => {
    before = await traces();
    expect(before).toMatchObject({ file: false, state: [], volumes: [] });
    manifests = [await configNow(), await workspaceNow()];
  });
  afterAll(async () => {
    expect(await traces()).toEqual(before);
    expect(await differences(manifests[1], await workspaceNow())).toEqual([]);
  });

  it("a dry run tells everything", async () => {
    const { code, stdout, stderr } = await adopt(...chosen(), "--dry-run", "--json");
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      dryRun: true,
      state: "new",
      url: `http://127.0.0.1:${port}/`,
      volume: dockerName(stack, "data", 1),
      config: old.config,
      workspace: old.workspace,
      stops: expect.arrayContaining([old.editorName, old.claudeName]),
      extensions: [EXTENSION],
    });
    // Without a choice of the user's it is another port than that of the old editor, which runs.
    const plain = await adopt("--dry-run");
    expect(plain.stdout).toContain(`${old.port} is that of the container ${old.editorName}`);
    expect(plain.stdout).toMatch(/Address +http:\/\/127\.0\.0\.1:\d+\//);
    expect(plain.stdout).not.toContain(`:${old.port}/`);
    expect(plain.stdout).toContain(`the folder ${old.workspace} to workspace in it`);
    expect(plain.stdout).toMatch(/encrypted\s+CODE_SERVER_PASSWORD/);
    expect(plain.stdout).toContain("Nothing was changed.");
    expect(plain.stdout).not.toContain(OLD_PASSWORD);
  });

  const refusals: [string, () => Promise<string[]> | string[], number, () => string[]][] = [
    ["a name that is none", () => ["Prod", "--from", old.env], 2, () => ['got "Prod"']],
    [
      "an .env that is not there",
      () => [stack, "--from", `${old.folder}/config`],
      2,
      () => [`${old.folder}/config does not exist`],
    ],
    [
      "a port that is none",
      () => [stack, "--from", old.env, "--port", "99999"],
      3,
      () => ["access.port"],
    ],
    [
      "a port that the old editor has",
      () => [stack, "--from", old.env, "--port", String(old.port), "--yes"],
      6,
      () => [`Port ${old.port} of 127.0.0.1 is taken by the container ${old.editorName}`, "--port"],
    ],
    [
      "a placeholder for a password",
      () => {
        const bad = path.join(old.folder, "bad.env");
        writeFileSync(bad, old.envText("your-secure-password-here"));
        return [stack, "--from", bad, ...chosen(), "--yes"];
      },
      3,
      () => ["CODE_SERVER_PASSWORD", "is a placeholder"],
    ],
    [
      "nobody to ask",
      () => [stack, "--from", old.env, ...chosen()],
      2,
      () => ["there is no terminal", "--yes"],
    ],
  ];
  it.each(refusals)("is refused: %s", async (_title, args, expected, words) => {
    const { code, stdout, stderr } = await runDoom(copy.root, ["adopt", ...(await args())]);
    expect(code, stderr).toBe(expected);
    for (const word of words()) expect(stderr).toContain(word);
    expect(stdout).toBe("");
  });

  it("is refused: projects that would replace something of /config", async () => {
    await old.inConfig("printf mine > workspace/hello.txt");
    const { code, stderr } = await adopt(...chosen(), "--yes");
    // Equal names for different things are one; what is only in one place is none.
    await old.inConfig("rm workspace/hello.txt; printf kept > workspace/only-in-config.txt");
    expect(code, stderr).toBe(12);
    expect(stderr).toContain("workspace/hello.txt (content");
    expect(stderr).not.toContain("hard/");
  });

  it("is refused: extensions that are not whole", async () => {
    await old.inConfig("mv extensions/acme.hello-1.2.3 elsewhere");
    const { code, stderr } = await adopt(...chosen(), "--yes");
    await old.inConfig("mv elsewhere extensions/acme.hello-1.2.3");
    expect(code, stderr).toBe(12);
    expect(stderr).toContain(`listed, but without their files: ${EXTENSION}`);
  });

  it("is refused: an environment that holds data of its own", async () => {
    const { stack: other } = await copy.addStack();
    rmSync(path.join(copy.root, `Pulumi.${other}.yaml`));
    const volume = dockerName(other, "data", 1);
    await engine.createVolume({ Name: volume, Labels: dockerLabels(other, "data", 1) });
    await inNewVolume("touch mine", other);
    const args = ["adopt", other, "--from", old.env, ...chosen(), "--yes"];
    const { code, stderr } = await runDoom(copy.root, args);
    expect(code, stderr).toBe(12);
    expect(stderr).toContain(`${other} holds data of its own: the volume ${volume} is not empty`);
  });

  it("is refused: a container of somebody else that writes to the projects", async () => {
    const elsewhere = await old.beside("code-server", "/srv/another-setup");
    const name = (await elsewhere.inspect()).Name.slice(1);
    const [there, anywhere] = await Promise.all([
      adopt(...chosen(), "--yes"),
      runDoom(copy.root, ["adopt", stack, "--dry-run"]),
    ]);
    await elsewhere.remove({ force: true });
    expect(there.code, there.stderr).toBe(2);
    expect(there.stderr).toContain(`the container ${name} is no part of the setup`);
    // Which of several is meant nobody can know.
    expect(anywhere.code, anywhere.stderr).toBe(2);
    expect(anywhere.stderr).toContain("several setups");
    for (const folder of [old.folder, "/srv/another-setup"])
      expect(anywhere.stderr).toContain(`- ${folder}\n`);
  });
});

describe("a run that is killed", () => {
  const running = async () =>
    (await Promise.all([old.editor.inspect(), old.claude.inspect()])).map(
      ({ State }) => State.Running,
    );
  const start = () => {
    run = new DoomProcess(copy.root, ["adopt", stack, "--from", old.env, ...chosen(), "--yes"]);
  };
  const untilPrinted = (words: string) =>
    run.until(() => (run.stderr.includes(words) ? true : undefined));
  async function kill(): Promise<void> {
    run.signal("SIGKILL");
    await run.result();
    expect(run.stdout).toBe("");
  }

  const SPOIL = `cd workspace/hard/many/3
    touch --reference=100 /tmp/time
    printf X | dd of=100 bs=1 conv=notrunc status=none
    touch --reference=/tmp/time 100`;

  it("during the last pass has made no environment, and the old data is there", async () => {
    const workspace = await workspaceNow();
    start();
    await untilPrinted("\ncopying ...");
    await kill();
    expect(
      await engine.listContainers({
        filters: { label: [`doom.stack=${stack}`, "doom.role=code-server"] },
      }),
    ).toEqual([]);
    expect(await differences(workspace, await workspaceNow())).toEqual([]);
  });

  it("while the environment comes up has copied, and the old one runs again", async () => {
    await inNewVolume(SPOIL);
    start();
    await untilPrinted("bringing up");
    // Neither its size nor its time show that this file is not the old one.
    expect(run.stderr).toContain("copying 1 files again");
    expect(run.stderr).toContain("which an interrupted migration had stopped");
    expect(run.stderr).toMatch(new RegExp(`copying while .*${old.editorName}.* runs`));
    await kill();
    expect(await running()).toEqual([true, true]);
  });
});

describe("the run that finishes", () => {
  let before: [string, string];
  let printed: string;
  const editor = () => dockerName(stack, "code-server", 1);
  const inNew = (...command: string[]) => runIn(editor(), command, "1000:1000");

  it("does not copy what was proven, and says what has become of the old setup", async () => {
    // At rest, so that whatever differs afterwards was an adoption's doing.
    await Promise.all([old.editor.stop(), old.claude.stop()]);
    before = [await configNow(), await workspaceNow()];
    const { code, stdout, stderr } = await adopt(...chosen(), "--yes", "--json");
    expect(code, stderr).toBe(0);
    printed = stdout + stderr;
    const result = JSON.parse(stdout);
    expect(stderr).not.toContain("copying");
    expect(result).toMatchObject({
      changed: true,
      url: `http://127.0.0.1:${port}/`,
      extensions: [EXTENSION],
      gate: { passed: true },
      old: [
        // Its editor has worked on since it was copied.
        { what: `the volume ${old.config}`, state: "changed" },
        { what: `the folder ${old.workspace}`, state: "unchanged", differences: [] },
      ],
    });
    expect(result.wayBack.join("\n")).toContain(`npx doom down ${stack} --purge`);
  });

  it("has left the old data as it was, in everything, and nobody of it started", async () => {
    expect(await differences(before[0], await configNow())).toEqual([]);
    expect(await differences(before[1], await workspaceNow())).toEqual([]);
    expect((await old.editor.inspect()).State.Running).toBe(false);
    expect((await old.claude.inspect()).State.Running).toBe(false);
  });

  it("leaves the old editor its port while it is stopped", async () => {
    const args = ["adopt", "another", "--from", old.env, "--dry-run"];
    const { code, stdout, stderr } = await runDoom(copy.root, args);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain(`${old.editorName}, exited`);
    expect(stdout).toContain(`${old.port} is that of the container ${old.editorName}`);
  });

  it("has put every project there, with all that a file has", async () => {
    const there = { kind: "volume", from: dockerName(stack, "data", 1) } as const;
    const found = await differences(before[1], await manifest(there, "/workspace"));
    // A file of /config/workspace that the projects do not have has stayed beside them.
    expect(found.map(({ path: name, kind }) => `${kind} of ${name}`)).toEqual([
      "extra of only-in-config.txt",
    ]);
  });

  it("lets its user in with the old password, to settings, extensions and files", async () => {
    const [user, stranger] = [0, 1].map(() => new EditorClient(`http://127.0.0.1:${port}/`)) as [
      EditorClient,
      EditorClient,
    ];
    await user.login(OLD_PASSWORD);
    await stranger.login(OLD_SUDO);
    expect([await user.getsIn(), await stranger.getsIn()]).toEqual([true, false]);
    const socket = editorSocketPath((await user.request(WORKBENCH)).body);
    const resource = `${socket.split("?")[0]}/vscode-remote-resource?path=`;
    const read = async (name: string) => (await user.request(resource + name)).body;
    expect(await read("/config/workspace/hello.txt")).toBe("from the old workspace\n");
    expect(await read("/config/data/User/settings.json")).toBe(SETTINGS);
    const list =
      "code-server --extensions-dir /config/extensions --list-extensions --show-versions";
    expect(await inNew("bash", "-c", `${list} --user-data-dir /tmp/other 2>/dev/null`)).toContain(
      `${EXTENSION}\n`,
    );
    expect(await inNew("stat", "--format=%a", "/config/.ssh/known_hosts")).toBe("600\n");
  });

  it("has told no secret", () => {
    const search = new SecretSearch([
      { name: "password", value: OLD_PASSWORD },
      { name: "sudo", value: OLD_SUDO },
    ]);
    const state = path.join(copy.root, ".state");
    const kept = readdirSync(state, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(path.join(entry.parentPath, entry.name)));
    for (const place of [printed, readFileSync(file), ...kept])
      expect(search.findIn(place)).toEqual([]);
  });

  it("has nothing to do a second time", async () => {
    const { code, stdout, stderr } = await adopt("--yes", "--json");
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ changed: false, state: "adopted" });
  });

  it("leaves the old editor, which runs beside the new one as it did before", async () => {
    await old.editor.start();
    await waitForContainer(old.editorName, isHealthy);
    const user = new EditorClient(`http://127.0.0.1:${old.port}/`);
    await user.login(OLD_PASSWORD);
    expect(await user.getsIn()).toBe(true);
    expect(isHealthy(await engine.getContainer(editor()).inspect())).toBe(true);
  });
});

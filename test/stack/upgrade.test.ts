import { readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sha256 } from "../../checks/seal";
import { SESSION_PATHS } from "../../checks/volatilePaths";
import { dockerLabels, dockerName } from "../../config/names";
import { createManifest } from "../../operations/manifest";
import { READING, withToolsContainer } from "../../operations/toolsContainer";
import { differencesOf } from "../../operations/upgradeData";
import { recordFolder } from "../../operations/upgradeRecords";
import { containersOf, engine, networksOf, runIn, volumesOf } from "../support/dockerHost";
import { runDoom } from "../support/doomProcess";
import { EditorClient } from "../support/editorClient";
import type { LiveEnvironment } from "../support/liveEnvironment";
import { createProjectCopy, type ProjectCopy } from "../support/projectCopy";
import { buildImage } from "./fixtures/image/imageContainer";

/*
 * One environment whose editor goes from one real version to another and back, while its data changes: first
 * by an ordinary `up`, then by `doom upgrade`. The tests follow one life.
 */
const [OLD, NEW] = ["4.133.0", "4.139.1"];
let copy: ProjectCopy;
let environment: LiveEnvironment;
let stack: string;
/** By its ID, since other tests build it, too: a build by the engine would be another one. */
let oldImage: string;
let manifests = 0;

const editor = () => dockerName(stack, "code-server", 1);
const data = () => dockerName(stack, "data", 1);
const doom = (...args: string[]) => runDoom(copy.root, args);
const asUser = (script: string) => runIn(editor(), ["bash", "-euc", script], "1000:1000");
const stackFile = () => readFileSync(path.join(copy.root, `Pulumi.${stack}.yaml`), "utf8");
const runningImage = async () => (await engine.getContainer(editor()).inspect()).Image;

async function json(...args: string[]) {
  const { code, stdout, stderr } = await doom(...args, "--json");
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

/** The manifest of a volume, made apart from anything that an upgrade does. */
async function manifestOf(volume: string): Promise<string> {
  manifests += 1;
  const file = path.join(copy.root, `manifest-${manifests}.jsonl`);
  const mount = { kind: "volume", from: volume, at: "/source", readOnly: true } as const;
  await withToolsContainer({ mounts: [mount], capabilities: READING }, (tools) =>
    createManifest(tools, { root: "/source", file, live: true }),
  );
  return file;
}

/** How a volume differs from a manifest in what no start and no window may change. */
async function differences(expected: string, volume: string): Promise<string[]> {
  const all = await differencesOf(expected, await manifestOf(volume), SESSION_PATHS);
  return all.map(({ path: at, kind }) => `${at}: ${kind}`);
}

/** As an extension is installed: its folder, and an entry in the list, which the editor starts empty. */
const INSTALL = `cd /config/extensions
  until [[ -e extensions.json && $(<extensions.json) == "[]" ]]; do sleep 0.1; done
  mkdir acme.hello-1.2.3
  echo '{"publisher":"acme","name":"hello","version":"1.2.3","engines":{"vscode":"*"}}' \\
    >acme.hello-1.2.3/package.json
  echo '[{"identifier":{"id":"acme.hello"},"version":"1.2.3","relativeLocation":"acme.hello-1.2.3",
    "location":{"$mid":1,"path":"/config/extensions/acme.hello-1.2.3","scheme":"file"}}]' >extensions.json`;

beforeAll(async () => {
  copy = createProjectCopy();
  oldImage = await buildImage("code-server", { CODE_SERVER_VERSION: OLD });
  environment = await copy.addStack({ image: { reference: oldImage } });
  stack = environment.stack;
  for (const command of ["init", "up"]) {
    const { code, stderr } = await doom(command, stack);
    expect(code, stderr).toBe(0);
  }
  await asUser(INSTALL);
  await asUser(`mkdir -p /config/data/User; echo '{"a.b": 1}' >/config/data/User/settings.json
    echo work >/config/workspace/file; ln /config/workspace/file /config/workspace/other`);
});
afterAll(() => copy?.dispose());

describe("bad input is refused before anything changes", () => {
  const refused = async (args: string[], code: number, message: string) => {
    const before = await seen();
    const result = await doom(args[0] as string, stack, ...args.slice(1));
    expect([result.code, result.stderr]).toEqual([code, expect.stringContaining(message)]);
    expect(await seen()).toEqual(before);
  };
  const seen = async () => ({
    stackFile: stackFile(),
    volumes: await volumesOf(stack),
    containers: (await containersOf(stack)).map(({ Id, State }) => [Id, State.StartedAt]),
  });
  const NOWHERE = `sha256:${"0".repeat(64)}`;

  it.each<[string, string[], number, string]>([
    ["an unknown version", ["upgrade", "--to", "4.139.2"], 2, "which nobody has tried"],
    ["a tag", ["upgrade", "--image", "code-server:latest"], 2, "may mean another image tomorrow"],
    ["both", ["upgrade", "--to", NEW as string, "--image", NOWHERE], 2, "two different things"],
    ["an unknown image", ["upgrade", "--image", NOWHERE], 3, "There is no image"],
    [
      "a digest that does not match",
      ["upgrade", "--image", `doom-coding/gateway@${NOWHERE}`],
      3,
      "There is no image doom-coding/gateway@sha256:0000",
    ],
    ["an unknown service", ["upgrade", "--service", "mail"], 2, "the services are code-server"],
    ["a wrong time", ["upgrade", "--watch", "soon"], 2, "allowed: a number of seconds"],
    ["a rollback without a record", ["rollback"], 2, "There is no upgrade of"],
    [
      "a rollback to an unknown record",
      ["rollback", "--to", "x"],
      2,
      "has no upgrade with the record",
    ],
  ])("%s", async (_, args, code, message) => refused(args, code, message));

  it("an image without a version or a health check", async () => {
    const { imageDigests } = await environment.outputs();
    const base = (await engine.getImage("doom-coding/base:bookworm-r1").inspect()).Id;
    expect(base).not.toBe(imageDigests.codeServer);
    await refused(["upgrade", "--image", base], 3, "has no health check");
    await refused(["upgrade", "--image", base], 3, "says nothing of its version");
  });
});

describe("an ordinary up with another version", () => {
  it("says before what it would do", async () => {
    environment.configure((value) => ({ ...value, image: { version: NEW } }));
    const plan = `editor 1 goes from ${OLD} (${oldImage.slice(0, 19)}) to ${NEW}`;
    const { upgrades } = await json("preview", stack);
    expect(upgrades).toEqual([expect.stringContaining(plan)]);
    expect(upgrades[0]).toContain(`${data()} (`);
    expect(await environment.pulumi("preview")).toContain(plan);
  });

  it("rehearses on a copy, replaces and verifies, and keeps the copy", async () => {
    const before = await manifestOf(data());
    const { code, stdout, stderr } = await doom("up", stack);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain("is up");
    expect(await runningImage()).not.toBe(oldImage);
    expect(await differences(before, data())).toEqual([]);
    const volumes = (await volumesOf(stack)).map(({ Name }) => Name);
    expect(volumes).toEqual([
      expect.stringMatching(new RegExp(`^doom-${stack}-before-upgrade-1-[0-9a-f]{8}$`)),
      data(),
    ]);
    expect(await differences(before, volumes[0] as string)).toEqual([]);
    expect((await containersOf(stack)).map(({ Name }) => Name)).toEqual([
      `/${editor()}`,
      `/doom-${stack}-gateway`,
    ]);
    expect((await networksOf(stack)).map(({ Name }) => Name)).toEqual(
      ["edge", "egress", "internal"].map((role) => `doom-${stack}-${role}`),
    );
  });

  it("has nothing left to do afterwards", async () => {
    expect(await environment.plan("--expect-no-changes")).toEqual([]);
    expect((await json("preview", stack)).upgrades).toEqual([]);
  });

  it("refuses to go back by the file, and serves on", async () => {
    environment.configure((value) => ({ ...value, image: { reference: oldImage } }));
    const running = await runningImage();
    const { code, stderr } = await doom("up", stack);
    expect(code).toBe(8);
    expect(stderr).toContain(`code-server ${OLD} is older than ${NEW}`);
    expect(await runningImage()).toBe(running);
    environment.configure((value) => ({ ...value, image: { version: NEW } }));
  });
});

describe("doom rollback", () => {
  it("brings back image, configuration and data, and keeps what came after", async () => {
    await asUser("echo later >/config/workspace/file; echo new >/config/workspace/new");
    const later = await manifestOf(data());
    const [copied] = (await volumesOf(stack)).map(({ Name }) => Name);
    const expected = await manifestOf(copied as string);
    const { claims, kept, record } = await json("rollback", stack);
    expect(claims).toMatchObject([
      { what: "image of editor 1", holds: true, found: oldImage },
      { what: "configuration", holds: true, found: sha256(stackFile()) },
      { what: "data of editor 1", holds: true },
    ]);
    expect(await runningImage()).toBe(oldImage);
    expect(environment.value.image).toEqual({ reference: oldImage });
    expect(await differences(expected, data())).toEqual([]);
    expect(await differences(later, kept["1"])).toEqual([]);
    const labels = (await engine.getVolume(kept["1"]).inspect()).Labels;
    expect(labels).toEqual(dockerLabels(stack, "after-upgrade", 1));
    const file = path.join(recordFolder(copy.project, stack, record), "record.json");
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("has nothing left to do afterwards, and the old password still opens", async () => {
    expect(await environment.plan("--expect-no-changes")).toEqual([]);
    const { url, passwords } = await environment.outputs();
    const client = new EditorClient(url);
    await client.login(passwords["1"] as string);
    await expect.poll(() => client.getsIn()).toBe(true);
  });
});

describe("doom upgrade", () => {
  let id: string;

  it("goes over, watches, and keeps a record", async () => {
    await asUser("echo other >/config/workspace/file");
    const before = await manifestOf(data());
    const { changed, record } = await json("upgrade", stack, "--to", NEW as string, "--watch", "1");
    expect([changed, record.result, record.watchedSeconds]).toEqual([true, "verified", 1]);
    expect(record.editors[0]).toMatchObject({ from: { version: OLD }, to: { version: NEW } });
    expect(record.editors[0].checks).toHaveLength(7);
    expect(environment.value.image).toEqual({ version: NEW });
    expect(await differences(before, data())).toEqual([]);
    id = record.id;
  });

  it("does nothing for the version that runs, and refuses an older one", async () => {
    expect((await json("upgrade", stack)).changed).toBe(false);
    const { code, stderr } = await doom("upgrade", stack, "--image", oldImage);
    expect([code, stderr]).toEqual([3, expect.stringContaining("is older than")]);
  });

  it("does not go back to a record that was changed", async () => {
    const file = path.join(recordFolder(copy.project, stack, id), "record.json");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace(oldImage, `sha256:${"1".repeat(64)}`));
    const { code, stderr } = await doom("rollback", stack);
    expect([code, stderr]).toEqual([
      9,
      expect.stringContaining("was changed after it was written"),
    ]);
    writeFileSync(file, text);
  });

  it("does not go back to a copy that was damaged, and serves on", async () => {
    const volumes = (await volumesOf(stack)).filter(
      ({ Labels }) => Labels["doom.role"] === "before-upgrade",
    );
    const [running, before] = [await runningImage(), await manifestOf(data())];
    for (const { Mountpoint } of volumes)
      writeFileSync(path.join(Mountpoint, "workspace", "file"), "othes\n");
    const { code, stderr } = await doom("rollback", stack);
    expect(code).toBe(8);
    expect(stderr).toContain("the data from before the upgrade is not what its manifest says");
    expect(stderr).toContain("workspace/file");
    expect(await runningImage()).toBe(running);
    expect(await differences(before, data())).toEqual([]);
  });
});

import { execFileSync } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sha256 } from "../../checks/seal";
import { dockerLabels, dockerName } from "../../config/names";
import { withLock } from "../../operations/locks";
import { withUpgradeLock } from "../../operations/upgradeCommand";
import { readRecords, recordFolder } from "../../operations/upgradeRecords";
import { containersOf, engine, networksOf, runIn, volumesOf } from "../support/dockerHost";
import { runDoom } from "../support/doomProcess";
import { EditorClient } from "../support/editorClient";
import type { LiveEnvironment } from "../support/liveEnvironment";
import { createProjectCopy, type ProjectCopy } from "../support/projectCopy";
import { type Returned, UpgradeLife } from "../support/upgradeLife";
import { buildImage } from "./fixtures/image/imageContainer";

/*
 * One environment whose editor goes from one real version to another and back, twice, as in the soak of upgrades:
 * first by an ordinary `up`, then by `doom upgrade`. The tests follow one life.
 */
const [OLD, NEW] = ["4.133.0", "4.139.1"] as const;
let copy: ProjectCopy;
let life: UpgradeLife;
let environment: LiveEnvironment;
let stack: string;
/** By its ID, since other tests build it, too: a build by the engine would be another one. */
let oldImage: string;

const doom = (...args: string[]) => runDoom(copy.root, args);
const asUser = (script: string) => runIn(life.editor, ["bash", "-euc", script], "1000:1000");
const json = async (...args: string[]) => JSON.parse(await life.doom(...args, "--json"));
/** The second editor rests as long as the first one lives. */
const setInstances = (instances: number) =>
  environment.configure((value) => ({ ...value, instances }));
const resting = () => dockerName(stack, "data", 2);
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
  environment = await copy.addStack({ image: { reference: oldImage }, instances: 2 });
  stack = environment.stack;
  life = new UpgradeLife(copy, environment);
  for (const command of ["init", "up"]) await life.doom(command, stack);
  const second = dockerName(stack, "code-server", 2);
  await runIn(second, ["bash", "-c", "echo second >/config/workspace/file"], "1000:1000");
  setInstances(1);
  await life.doom("up", stack);
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
    stackFile: life.file,
    volumes: await volumesOf(stack),
    containers: (await containersOf(stack)).map(({ Id, State }) => [Id, State.StartedAt]),
  });
  const NOWHERE = `sha256:${"0".repeat(64)}`;

  it.each<[string, string[], number, string]>([
    ["an unknown version", ["upgrade", "--to", "4.139.2"], 2, "which nobody has tried"],
    ["a tag", ["upgrade", "--image", "code-server:latest"], 2, "may mean another image tomorrow"],
    ["both", ["upgrade", "--to", NEW, "--image", NOWHERE], 2, "two different things"],
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
    ["a rollback to an unknown record", ["rollback", "--to", "x"], 2, 'with the record "x"'],
  ])("%s", async (_, args, code, message) => refused(args, code, message));

  it("another operation is at work", async () => {
    const upgrade = () => refused(["upgrade", "--to", NEW], 5, `pid ${process.pid} of`);
    await withUpgradeLock(copy.project, stack, upgrade);
    await withUpgradeLock(copy.project, stack, () => refused(["rollback"], 5, "works on"));
    await withLock(copy.project, stack, upgrade);
  });

  it("an image without a version or a health check", async () => {
    const { imageDigests } = await environment.outputs();
    const base = (await engine.getImage("doom-coding/base:bookworm-r1").inspect()).Id;
    expect(base).not.toBe(imageDigests.codeServer);
    await refused(["upgrade", "--image", base], 3, "has no health check");
    await refused(["upgrade", "--image", base], 3, "says nothing of its version");
  });
});

/** What an upgrade leaves on the Docker host besides the environment, and for the engine to do. */
async function leavesItsCopyOnly(): Promise<void> {
  expect((await volumesOf(stack)).map(({ Name }) => Name)).toEqual([
    expect.stringMatching(new RegExp(`^doom-${stack}-before-upgrade-1-[0-9a-f]{8}$`)),
    life.data,
    resting(),
  ]);
  expect((await containersOf(stack)).map(({ Name }) => Name)).toEqual([
    `/${life.editor}`,
    `/doom-${stack}-gateway`,
  ]);
  expect((await networksOf(stack)).map(({ Name }) => Name)).toEqual(
    ["edge", "egress", "internal"].map((role) => `doom-${stack}-${role}`),
  );
  expect(await environment.plan("--expect-no-changes")).toEqual([]);
  expect((await json("preview", stack)).upgrades).toEqual([]);
}

const useInFile = (image: object) => environment.configure((value) => ({ ...value, image }));

describe("an ordinary up with another version", () => {
  async function saysWhatItWouldDo(): Promise<void> {
    const plan = `editor 1 goes from ${OLD} (${oldImage.slice(0, 19)}) to ${NEW}`;
    const { upgrades } = await json("preview", stack);
    expect(upgrades).toEqual([expect.stringContaining(plan)]);
    expect(upgrades[0]).toContain(`${life.data} (`);
    expect(await environment.pulumi("preview")).toContain(plan);
  }

  async function refusesToGoBackByTheFile(): Promise<void> {
    useInFile({ reference: oldImage });
    const running = await life.image();
    const { code, stderr } = await doom("up", stack);
    expect([code, stderr]).toEqual([8, expect.stringContaining(`${OLD} is older than ${NEW}`)]);
    expect(await life.image()).toBe(running);
    useInFile({ version: NEW });
  }

  it("rehearses on a copy, replaces and verifies; the way back restores all", async () => {
    await life.thereAndBack(1, async () => {
      useInFile({ version: NEW });
      await saysWhatItWouldDo();
      expect(await life.doom("up", stack)).toContain("is up");
      await leavesItsCopyOnly();
      await refusesToGoBackByTheFile();
    });
  });
});

describe("doom upgrade", () => {
  let returned: Returned;

  async function refusesAnOlderOne(): Promise<void> {
    expect((await json("upgrade", stack)).changed).toBe(false);
    const { code, stderr } = await doom("upgrade", stack, "--image", oldImage);
    expect([code, stderr]).toEqual([3, expect.stringContaining("is older than")]);
  }

  async function refusesARecordThatWasChanged(id: string): Promise<void> {
    const file = path.join(recordFolder(copy.project, stack, id), "record.json");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace(oldImage, `sha256:${"1".repeat(64)}`));
    const { code, stderr } = await doom("rollback", stack);
    expect(code).toBe(9);
    expect(stderr).toContain("was changed after it was written");
    writeFileSync(file, text);
  }

  async function refusesADamagedCopy(volume: string): Promise<void> {
    const { Mountpoint } = await engine.getVolume(volume).inspect();
    const [file, sound] = [
      path.join(Mountpoint, "workspace", "file"),
      path.join(copy.root, "sound"),
    ];
    execFileSync("cp", ["-p", file, sound]);
    const [running, before] = [await life.image(), await life.manifest()];
    writeFileSync(file, "wrok\n");
    const { code, stderr } = await doom("rollback", stack);
    expect(code).toBe(8);
    expect(stderr).toContain("the data from before the upgrade is not what its manifest says");
    expect(stderr).toContain("workspace/file");
    expect(await life.image()).toBe(running);
    expect(await life.differences(before)).toEqual([]);
    execFileSync("cp", ["-p", sound, file]);
  }

  it("goes over, watches and keeps a record; nothing that was spoiled is gone back to", async () => {
    returned = await life.thereAndBack(2, async () => {
      const { changed, record } = await json("upgrade", stack, "--to", NEW, "--watch", "1");
      expect([changed, record.result, record.watchedSeconds]).toEqual([true, "verified", 1]);
      expect(record.editors[0]).toMatchObject({ from: { version: OLD }, to: { version: NEW } });
      expect(record.editors[0].checks).toHaveLength(7);
      expect(environment.value.image).toEqual({ version: NEW });
      await refusesAnOlderOne();
      await refusesARecordThatWasChanged(record.id);
      await refusesADamagedCopy(record.editors[0].copy);
    });
  });

  it("is taken back by doom rollback, which proves it and keeps what came after", async () => {
    const { claims, kept, record } = returned;
    expect(claims).toMatchObject([
      { what: "image of editor 1", holds: true, found: oldImage },
      { what: "configuration", holds: true, found: sha256(life.file) },
      { what: "data of editor 1", holds: true },
    ]);
    expect(environment.value.image).toEqual({ reference: oldImage });
    const labels = (await engine.getVolume(kept["1"] as string).inspect()).Labels;
    expect(labels).toEqual(dockerLabels(stack, "after-upgrade", 1));
    const file = path.join(recordFolder(copy.project, stack, record), "record.json");
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("leaves nothing to do afterwards, and the old password still opens", async () => {
    expect(await environment.plan("--expect-no-changes")).toEqual([]);
    const { url, passwords } = await environment.outputs();
    const client = new EditorClient(url);
    await client.login(passwords["1"] as string);
    await expect.poll(() => client.getsIn()).toBe(true);
  });
});

describe("an editor that rested over all of it", () => {
  it("comes back by the same path: rehearsed on its data, and verified", async () => {
    const before = await life.manifest(resting());
    await life.doom("upgrade", stack, "--to", NEW, "--watch", "0");
    setInstances(2);
    await life.doom("up", stack);
    const second = await engine.getContainer(dockerName(stack, "code-server", 2)).inspect();
    expect([second.Image, second.State.Health?.Status]).toEqual([await life.image(), "healthy"]);
    expect(await life.differences(before, resting())).toEqual([]);
    const records = readRecords(copy.project, stack);
    expect(records.at(-1)).toMatchObject({
      result: "verified",
      editors: [{ instance: 2, from: { version: OLD }, to: { version: NEW } }],
    });
  });
});

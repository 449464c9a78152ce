// First: clients find the engine that it names.
import "../support/ownDaemon";
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { imageName } from "../../config/names";
import { connectDocker } from "../../operations/dockerHost";
import { findBaseImage, toolsImageSource } from "../../operations/imageSources";
import { ensureToolsImage } from "../../operations/toolsImage";
import { readJournal, type Stage } from "../../operations/upgradeJournal";
import { containersOf, engine, isHealthy, runIn, waitForContainer } from "../support/dockerHost";
import { DoomProcess, runDoom } from "../support/doomProcess";
import { ownDaemon as daemon } from "../support/ownDaemon";
import { createProjectCopy, type ProjectCopy } from "../support/projectCopy";
import { UpgradeLife } from "../support/upgradeLife";
import { buildImage } from "./fixtures/image/imageContainer";

/*
 * An engine that is stopped, killed or held still under a migration and in the cutover of an upgrade. It is one of
 * this test's own, since all others need theirs; one environment on it lives through all of it.
 */
let copy: ProjectCopy;
let life: UpgradeLife;
/** The ID of the editor's image. */
let image: string;

/** Takes over what is built where all tests look for it; the environment's own builds then need no network. */
async function takeImages(): Promise<void> {
  const [editor, gateway, base] = await daemon.onShared(async () => {
    await ensureToolsImage();
    return [
      await buildImage("code-server"),
      await buildImage("gateway"),
      await findBaseImage(await connectDocker(), copy.root),
    ] as const;
  });
  const { folder, tag, contentHash } = toolsImageSource(copy.root, base);
  await daemon.take([editor, gateway, base.name, imageName(folder, tag, contentHash)]);
  image = editor;
  // What has no name and another one made from it, the provider does not find.
  await engine.getImage(editor).tag({ repo: "doom-test/editor" });
  await engine.getImage(gateway).tag({ repo: "doom-test/gateway" });
  const dockerfile = path.join(copy.root, "images", "gateway", "Dockerfile");
  writeFileSync(dockerfile, "FROM doom-test/gateway\n");
}

/** The same editor with one more layer. */
async function derived(): Promise<string> {
  const build = promisify(execFile)("docker", ["build", "--quiet", "-"], {
    env: { ...process.env, DOCKER_BUILDKIT: "0" },
  });
  build.child.stdin?.end(`FROM ${image}\nLABEL doom.test.sound=true\n`);
  return (await build).stdout.trim();
}

beforeAll(async () => {
  copy = createProjectCopy();
  await daemon.start();
  await takeImages();
  life = new UpgradeLife(copy, await copy.addStack({ image: { reference: image } }));
  for (const command of ["init", "up"]) await life.doom(command, life.stack);
  // Enough to be hit while it is copied and read.
  const fill = "cd /config/workspace; head -c 60M /dev/urandom >large; echo work >file";
  await runIn(life.editor, ["bash", "-euc", fill], "1000:1000");
});
afterAll(async () => {
  try {
    await daemon.recover();
    await copy?.dispose();
  } finally {
    await daemon.dispose();
  }
});

/** A test that fails half way must not take the engine from the next one. */
beforeEach(() => daemon.recover());

const inspected = () => engine.getContainer(life.editor).inspect();

describe("under a migration, an engine that", () => {
  const phase = (run: DoomProcess, words: string) => () =>
    run.stderr.includes(words) ? true : undefined;

  /** What `doom` says when it has lost its engine. */
  async function migrate(target: string, words: string, fault: () => Promise<void> | void) {
    const command = ["migrate", "volume", `${life.stack}:1`, `volume:${target}`];
    const run = new DoomProcess(copy.root, command);
    await run.until(phase(run, words));
    await fault();
    const result = await run.result();
    expect(result.stdout).toBe("");
    return result;
  }

  /** The next run makes the copy, and the editor serves with what it had. */
  async function finishes(target: string, before: string): Promise<string> {
    const command = ["migrate", "volume", `${life.stack}:1`, `volume:${target}`];
    const { code, stdout, stderr } = await runDoom(copy.root, command);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain("are equal in everything");
    await waitForContainer(life.editor, isHealthy);
    expect(await life.differences(before, target)).toEqual([]);
    expect(await life.differences(before)).toEqual([]);
    return stderr;
  }

  it("dies while the editor is stopped: the next run starts the editor, and finishes", async () => {
    const before = await life.manifest();
    const { code, stderr } = await migrate("killed", "\ncomparing every file", () => daemon.kill());
    expect([code, stderr]).toEqual([8, expect.stringContaining(`${life.editor}: Docker is not`)]);
    await daemon.start();
    expect((await inspected()).State.Running).toBe(false);
    expect(await finishes("killed", before)).toContain(`started ${life.editor}, which an`);
  });

  it("is stopped while the editor works: the editor is back with it, the next run finishes", async () => {
    const before = await life.manifest();
    const { code, stderr } = await migrate("stopped", "copying while", () => daemon.stop());
    // It ends its containers before itself: what is lost first is a matter of chance.
    expect([6, 12], stderr).toContain(code);
    await daemon.start();
    await waitForContainer(life.editor, isHealthy);
    await finishes("stopped", before);
  });

  it("answers nothing any more: the run ends, and the next one finishes", async () => {
    const before = await life.manifest();
    const { code, stderr } = await migrate("silent", "copying while", () => daemon.pause());
    expect([code, stderr]).toEqual([6, expect.stringContaining("does not answer within")]);
    daemon.resume();
    await waitForContainer(life.editor, isHealthy);
    await finishes("silent", before);
  });
});

describe("in the cutover of an upgrade, an engine that", () => {
  let sound: string;
  beforeAll(async () => {
    sound = await derived();
    // The engine that died has ended the gateway at its next start, and does not start it again.
    await life.doom("up", life.stack);
  });

  const upgrade = () => ["upgrade", life.stack, "--image", sound, "--watch", "0"];
  const reached = (stage: Stage) => () =>
    readJournal(copy.project, life.stack, "code-server-1")?.stage === stage ? true : undefined;
  const serves = () =>
    expect
      .poll(async () => (await containersOf(life.stack)).map(isHealthy), { timeout: 60_000 })
      .toEqual([true, true]);

  /** Runs an upgrade, with `fault` when its editor is stopped. */
  async function upgradeWith(fault: () => Promise<void>) {
    const before = await life.state();
    const run = new DoomProcess(copy.root, upgrade());
    await run.until(reached("stopping"));
    await fault();
    const { code, stdout, stderr } = await run.result();
    expect([code, stdout], stderr).toEqual([8, ""]);
    return { before, stderr };
  }

  it("is started anew: the old version serves with its data, and nothing is left to do", async () => {
    const { before, stderr } = await upgradeWith(async () => {
      await daemon.stop();
      await daemon.start();
    });
    expect(stderr).toContain("failed at the cutover");
    expect(stderr).toContain("serves as before, its data untouched");
    expect(stderr).toContain("it goes on as it was");
    await serves();
    await life.requireAsBefore(before, "the engine's restart");
    expect(await life.doom("up", life.stack)).toContain("nothing changed");
  });

  it("dies for good: what has to be done is said, and brings the old version back", async () => {
    const { before, stderr } = await upgradeWith(() => daemon.kill());
    expect(stderr).toContain(
      `The upgrade of ${life.stack} to ${sound} failed at the cutover, and could not be taken back yet:`,
    );
    expect(stderr).toContain("Docker is not running: nothing answers on");
    expect(stderr).toContain(`then npx doom rollback ${life.stack} brings the old version back`);
    // As long as it is gone, nothing claims to have done anything.
    const without = await runDoom(copy.root, upgrade());
    expect([without.code, without.stdout], without.stderr).toEqual([6, ""]);
    await daemon.start();
    expect((await containersOf(life.stack)).map(({ State }) => State.Running)).toEqual([
      false,
      false,
    ]);
    await life.doom("rollback", life.stack);
    await serves();
    await life.requireAsBefore(before, "the engine's end");
  });

  it("dies while the new version is watched: the same command goes on, and the way back is open", async () => {
    const before = await life.state();
    const run = new DoomProcess(copy.root, [...upgrade().slice(0, -1), "60"]);
    await run.until(() => (run.stderr.includes("watching the new version") ? true : undefined));
    await daemon.kill();
    const { code, stdout, stderr } = await run.result();
    expect([code, stdout], stderr).toEqual([8, ""]);
    expect(stderr).toContain(
      `The new version of ${life.stack} can no longer be watched: Docker is`,
    );
    await daemon.start();
    await life.doom(...upgrade());
    await serves();
    expect(await life.image()).toBe(sound);
    await life.requireSame(before.manifest, "the engine's end");
    await life.doom("rollback", life.stack);
    await serves();
    await life.requireAsBefore(before, "the way back");
  });
});

import { randomBytes, randomInt } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { stringify } from "yaml";
import { findLocks } from "../../operations/locks";
import { findProject, type Project } from "../../operations/project";
import { secretFolder } from "../../operations/secretLocation";
import { engine } from "./dockerHost";
import { type EnvironmentValue, LiveEnvironment } from "./liveEnvironment";
import { RangeLease } from "./rangeLease";

/** The checkout that the tests belong to. */
const CHECKOUT = findProject(__dirname, {}).root;

/** What a run only reads. */
const LINKED = ["node_modules", "toolchain", "config"];
/**
 * The compiled program and pack, because a build of the checkout replaces them under a running test,
 * and `images`, because an image's build does not follow a link to its context.
 */
const COPIED = ["Pulumi.yaml", "package.json", "bin", "policy", "images"];

/**
 * A copy of the project in a folder of its own, with its own state, passphrases and stacks.
 *
 * Stack names are random, so that nothing on the Docker host can be confused with what other runs
 * or the user made, and everything with their labels can be removed afterwards.
 */
export class ProjectCopy {
  private readonly names: string[] = [];
  private readonly ranges: RangeLease[] = [];

  constructor(readonly root: string) {}

  get project(): Project {
    return findProject(this.root, {});
  }

  /** The stacks that were added, in that order. */
  get stacks(): readonly string[] {
    return this.names;
  }

  /**
   * Adds a stack file: that of dev with a free port, a range of its own and `changes` on top.
   *
   * `doom init` (or `pulumi stack init`) is left to the test.
   */
  async addStack(changes: EnvironmentValue = {}): Promise<LiveEnvironment> {
    const stack = `t${randomBytes(4).toString("hex")}`;
    this.names.push(stack);
    const range = await RangeLease.take();
    this.ranges.push(range);
    const value: EnvironmentValue = {
      schemaVersion: 1,
      resources: { cpus: 0.5, memory: "512MiB", storage: "256MiB" },
      access: { tier: "local", port: await freePort() },
      network: { cidr: range.cidr },
      logLevel: "debug",
      image: { version: "4.139.1" },
      ...changes,
    };
    const file = { config: { "doom-coding:environment": value } };
    writeFileSync(path.join(this.root, `Pulumi.${stack}.yaml`), stringify(file));
    return new LiveEnvironment(this.root, stack);
  }

  /**
   * Ends what still runs on these stacks and removes all that carries their labels, and the folder.
   *
   * Without the engine: a test may have left a state that no engine can read.
   */
  async dispose(): Promise<void> {
    for (const stack of this.names) {
      this.endRuns(stack);
      await removeFromDocker(stack);
      rmSync(secretFolder(stack), { recursive: true, force: true });
    }
    for (const range of this.ranges) await range.release();
    rmSync(this.root, { recursive: true, force: true });
  }

  private endRuns(stack: string): void {
    for (const { judgement } of findLocks(this.project, stack)) {
      if (judgement.kind === "live") process.kill(judgement.pid, "SIGKILL");
    }
  }
}

/** Makes a copy of this checkout; call {@link ProjectCopy.dispose} whatever happens. */
export function createProjectCopy(): ProjectCopy {
  const root = mkdtempSync(path.join(tmpdir(), "doom-copy-"));
  for (const name of COPIED) {
    cpSync(path.join(CHECKOUT, name), path.join(root, name), { recursive: true });
  }
  for (const name of LINKED) symlinkSync(path.join(CHECKOUT, name), path.join(root, name));
  mkdirSync(path.join(root, ".state"));
  return new ProjectCopy(root);
}

/**
 * A port that nothing listens on at the moment.
 *
 * Below those that Linux gives to whoever asks for any: else a server of the engine may get it before the
 * environment does.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_768);
    if (await canListen(port)) return port;
  }
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** Removes containers, networks and volumes with exactly this stack's label. */
export async function removeFromDocker(stack: string): Promise<void> {
  await removeContainersAndNetworks(stack);
  const filters = { label: [`doom.stack=${stack}`] };
  const { Volumes } = await engine.listVolumes({ filters });
  await Promise.all(Volumes.map(({ Name }) => engine.getVolume(Name).remove()));
}

/** The same without the volumes, as `doom down` does. */
export async function removeContainersAndNetworks(stack: string): Promise<void> {
  const filters = { label: [`doom.stack=${stack}`] };
  const containers = await engine.listContainers({ all: true, filters });
  await Promise.all(
    containers.map(({ Id }) => engine.getContainer(Id).remove({ force: true, v: true })),
  );
  const networks = await engine.listNetworks({ filters });
  await Promise.all(networks.map(({ Id }) => engine.getNetwork(Id).remove()));
}

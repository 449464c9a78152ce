import { execFile } from "node:child_process";
import { randomInt } from "node:crypto";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dockerName } from "../../config/names";
import { attemptOf, readJournal } from "../../operations/upgradeJournal";
import { readRecords } from "../../operations/upgradeRecords";
import { engine, isHealthy } from "../support/dockerHost";
import { NodeProcess, runDoom } from "../support/doomProcess";
import { EXTENSION, work } from "../support/editorWork";
import type { LiveEnvironment } from "../support/liveEnvironment";
import { createProjectCopy, type ProjectCopy } from "../support/projectCopy";
import { VolumeManifests } from "../support/volumeManifest";
import { buildImage } from "./fixtures/image/imageContainer";

/*
 * The same work goes from the oldest version to the newest, once over the one in between and once directly, and
 * then to the same version on another base image. Before each step an image of its target that spoils one thing
 * (health, data or configuration) is refused for just that. The two lives run side by side.
 */
const VERSIONS = ["4.133.0", "4.136.2", "4.139.1"] as const;
const [FIRST, BETWEEN, LAST] = VERSIONS;
const BUILD_MS = 1_800_000;

const manifests = new VolumeManifests();
const images = new Map<string, string>();
const built: string[] = [];

/** An image with one more layer; `lines` go after its FROM. */
async function derived(image: string, lines: string): Promise<string> {
  const run = promisify(execFile)("docker", ["build", "--quiet", "-"], {
    env: { ...process.env, DOCKER_BUILDKIT: "0" },
  });
  run.child.stdin?.end(`FROM ${image}\n${lines}\n`);
  const id = (await run).stdout.trim();
  built.push(id);
  return id;
}

const startingWith = (script: string) =>
  `ENTRYPOINT ${JSON.stringify(["/bin/bash", "-c", script])}`;
const SPOILT = {
  health: {
    lines: startingWith("echo no editor here >&2; exit 3"),
    verdict: ["does not do what it has to", "with code 3", "no editor here"],
  },
  data: {
    lines: startingWith(
      "echo worse >/config/workspace/project/hello.txt; exec /usr/local/bin/entrypoint",
    ),
    verdict: ["the new version changes data", "workspace/project/hello.txt: content"],
  },
  configuration: {
    lines: startingWith("echo {} >/config/data/User/settings.json; exec /usr/local/bin/entrypoint"),
    verdict: ["the new version changes data", "data/User/settings.json: content"],
  },
} as const;

/** One editor with work in it, from its first version on. */
class Life {
  constructor(
    private readonly copy: ProjectCopy,
    readonly environment: LiveEnvironment,
  ) {}

  get editor(): string {
    return dockerName(this.environment.stack, "code-server", 1);
  }

  private get data(): string {
    return dockerName(this.environment.stack, "data", 1);
  }

  async doom(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await runDoom(this.copy.root, args);
    expect(code, `doom ${args.join(" ")}: ${stderr}`).toBe(0);
    return stdout;
  }

  inspected() {
    return engine.getContainer(this.editor).inspect();
  }

  async begin(): Promise<void> {
    await this.doom("init", this.environment.stack);
    await this.doom("up", this.environment.stack);
    await work(this.editor);
  }

  /** The gate, as the engine starts it, refuses the image for what is wrong with it; the old one serves on. */
  async refuses(version: string, kind: keyof typeof SPOILT): Promise<void> {
    const { stack } = this.environment;
    const [before, running] = [await manifests.of(this.data), await this.inspected()];
    const image = await derived(images.get(version) as string, SPOILT[kind].lines);
    const { code, stderr } = await new NodeProcess(
      this.copy.root,
      ["bin/operations/upgradeGate.js"],
      {
        DOOM_STACK: stack,
        DOOM_SERVICE: "code-server",
        DOOM_INSTANCE: "1",
        DOOM_IMAGE: image,
        DOOM_ATTEMPT: String(attemptOf(this.copy.project, stack, "code-server-1")),
      },
    ).result();
    expect(code, stderr).toBe(1);
    expect(stderr).toContain("failed at the rehearsal");
    for (const words of SPOILT[kind].verdict) expect(stderr).toContain(words);
    const journal = readJournal(this.copy.project, stack, "code-server-1");
    expect(journal).toMatchObject({ stage: "closed", failedAt: "rehearsing" });
    const now = await this.inspected();
    expect([now.Id, now.State.StartedAt]).toEqual([running.Id, running.State.StartedAt]);
    expect(isHealthy(now)).toBe(true);
    expect(await manifests.changes(before, this.data)).toEqual([]);
  }

  /** Health, data and configuration pass, each looked at by itself. */
  async steps(from: string, to: string, step: () => Promise<unknown>): Promise<void> {
    const { stack } = this.environment;
    const [before, image] = [await manifests.of(this.data), (await this.inspected()).Image];
    await step();
    expect((await this.inspected()).Image).not.toBe(image);
    const record = readRecords(this.copy.project, stack).at(-1);
    expect(record).toMatchObject({ kind: "upgrade", result: "verified" });
    const editor = record?.editors[0];
    expect([editor?.from?.version, editor?.to.version]).toEqual([from, to]);
    expect(editor?.checks.map(({ passed }) => passed)).toEqual(Array(7).fill(true));
    expect(editor?.extensions).toEqual([EXTENSION]);
    expect(await manifests.changes(before, this.data)).toEqual([]);
    await this.doom("verify", stack, "--kept");
  }
}

let chain: Life;
let direct: Life;
let base: OwnBase;
const copies: ProjectCopy[] = [];

/**
 * A base image of this test's own that has the editor in it already, so that a build on it takes no minutes: the
 * Dockerfiles of the copy add nothing to it.
 */
class OwnBase {
  private made = 0;
  private readonly names: string[] = [];
  private readonly revision = randomInt(1e9);

  constructor(private readonly copy: ProjectCopy) {}

  /** Makes the copy of the project build on it, but the gateway and the tools on what they are. */
  async take(others: Readonly<Record<"gateway" | "tools", string>>): Promise<void> {
    const toolchain = path.join(this.copy.root, "toolchain");
    rmSync(toolchain);
    cpSync(path.resolve("toolchain"), toolchain, { recursive: true });
    const file = path.join(toolchain, "versions.json");
    const versions = JSON.parse(readFileSync(file, "utf8"));
    writeFileSync(
      file,
      JSON.stringify({ ...versions, base: { suite: "bookworm", revision: this.revision } }),
    );
    const froms: [string, string][] = [["code-server", `\${BASE_IMAGE}`]];
    for (const [folder, id] of Object.entries(others)) {
      // A build looks for an ID without a name in a registry.
      const name = `doom-test/${folder}:${this.revision}`;
      await engine.getImage(id).tag({ repo: `doom-test/${folder}`, tag: String(this.revision) });
      froms.push([folder, name]);
      this.names.push(name);
    }
    for (const [folder, from] of froms) {
      const text = `ARG BASE_IMAGE\nFROM ${from}\nLABEL doom.test.base=${this.revision}\n`;
      writeFileSync(path.join(this.copy.root, "images", folder, "Dockerfile"), text);
    }
  }

  /** As when the set-up makes it again: another image of the same name. */
  async make(): Promise<void> {
    this.made += 1;
    const image = await derived(
      images.get(LAST) as string,
      `LABEL doom.test.made=${this.revision}.${this.made}`,
    );
    const tag = `bookworm-r${this.revision}`;
    await engine.getImage(image).tag({ repo: "doom-coding/base", tag });
  }

  /** Removes what was built on it. */
  async dispose(): Promise<void> {
    const filters = { label: [`doom.test.base=${this.revision}`] };
    for (const { Id } of await engine.listImages({ filters })) await removeImage(Id);
    for (const name of this.names) await engine.getImage(name).remove();
  }
}

/** With the layers that only it had, which the removal of another may have taken already. */
async function removeImage(id: string): Promise<void> {
  try {
    await engine.getImage(id).remove({ force: true });
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode !== 404) throw error;
  }
}

beforeAll(async () => {
  for (const version of VERSIONS)
    images.set(version, await buildImage("code-server", { CODE_SERVER_VERSION: version }));
  copies.push(createProjectCopy(), createProjectCopy());
  const [first, second] = copies as [ProjectCopy, ProjectCopy];
  chain = new Life(first, await first.addStack({ image: { version: FIRST } }));
  // So that the other one gets another port and range.
  const file = `Pulumi.${chain.environment.stack}.yaml`;
  cpSync(path.join(first.root, file), path.join(second.root, file));
  const reference = images.get(FIRST) as string;
  direct = new Life(second, await second.addStack({ image: { reference } }));
  base = new OwnBase(second);
  await base.take({ gateway: await buildImage("gateway"), tools: await buildImage("tools") });
  await base.make();
  await Promise.all([chain.begin(), direct.begin()]);
}, BUILD_MS);
afterAll(async () => {
  for (const copy of copies) await copy.dispose();
  manifests.dispose();
  await base?.dispose();
  for (const id of [...built].reverse()) await removeImage(id);
});

describe.concurrent("the same work", () => {
  it(`goes over ${VERSIONS.join(", ")}`, async () => {
    const upgrade = (to: string) => () =>
      chain.doom("upgrade", chain.environment.stack, "--to", to, "--watch", "0");
    await chain.refuses(BETWEEN, "health");
    await chain.steps(FIRST, BETWEEN, upgrade(BETWEEN));
    await chain.refuses(LAST, "data");
    await chain.steps(BETWEEN, LAST, upgrade(LAST));
  });

  it(`goes from ${FIRST} to ${LAST} directly, and to a base image that was made anew`, async () => {
    const { environment } = direct;
    const up = () => direct.doom("up", environment.stack);
    await direct.refuses(LAST, "configuration");
    environment.configure((value) => ({ ...value, image: { version: LAST } }));
    await direct.steps(FIRST, LAST, up);
    await base.make();
    const { upgrades } = JSON.parse(await direct.doom("preview", environment.stack, "--json"));
    expect(upgrades).toEqual([
      expect.stringMatching(/^editor 1 goes from 4\.139\.1 .* to 4\.139\.1/),
    ]);
    await direct.steps(LAST, LAST, up);
  });
});

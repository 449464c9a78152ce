import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import type { Comparison } from "../../checks/benchVerdict";
import { dockerName } from "../../config/names";
import { ensurePassphraseFile, passphrasePath } from "../../operations/passphrase";
import { readJournal } from "../../operations/upgradeJournal";
import { engine, isHealthy, runIn, waitForContainer } from "../support/dockerHost";
import type { LiveEnvironment } from "../support/liveEnvironment";
import { createProjectCopy, type ProjectCopy } from "../support/projectCopy";
import { alternate, timesOf } from "./alternate";
import type { BenchContext, Group } from "./group";
import { longestOutage } from "./outage";
import { PulumiStack } from "./pulumiStack";

/** How much data the editor has, GB: the interruption must not grow with it. */
const SIZES = [0.1, 1, 4];
/** Room for the largest: an editor that is full is not upgraded. */
const RESOURCES = { cpus: 1, memory: "512MiB", storage: "8GiB" };

/**
 * A restart stops and starts one container. An upgrade does so with two, and the engine stands between them; and
 * the last changes of the data are copied and proven meanwhile.
 */
const BOUND = 3;

/** How long somebody at the gateway is without an editor while it goes over to another image. */
export const upgradeGroup: Group = {
  name: "upgrade",
  summary:
    "interruption by another gateway, and of upgrades with 0.1, 1 and 4 GB, against docker restart",
  rounds: 3,
  measure,
};

async function measure(context: BenchContext): Promise<Comparison[]> {
  const copy = createProjectCopy();
  const images: string[] = [];
  try {
    const environment = await copy.addStack({ resources: RESOURCES });
    const bench = new UpgradeBench(copy, environment, context);
    await bench.begin(images);
    const comparisons: Comparison[] = [await bench.compareGateway(images)];
    for (const size of SIZES) comparisons.push(await bench.compare(size));
    return comparisons;
  } finally {
    await copy.dispose();
    for (const image of new Set(images)) await engine.getImage(image).remove({ force: true });
  }
}

class UpgradeBench {
  private readonly editor: string;
  private readonly pulumi: PulumiStack;
  private readonly url: string;
  private images: readonly string[] = [];
  private turn = 0;

  constructor(
    private readonly copy: ProjectCopy,
    private readonly environment: LiveEnvironment,
    private readonly context: BenchContext,
  ) {
    const { stack } = environment;
    this.editor = dockerName(stack, "code-server", 1);
    this.url = `http://127.0.0.1:${environment.port}/login`;
    ensurePassphraseFile(copy.project, stack);
    const passphrase = passphrasePath(copy.project, stack);
    this.pulumi = new PulumiStack(copy.root, stack, context.engine, passphrase, context.signal);
  }

  /** Brings the environment up and makes two images of the same version; their IDs go into `images`. */
  async begin(images: string[]): Promise<void> {
    await this.pulumi.create();
    await this.pulumi.up();
    const { Image } = await engine.getContainer(this.editor).inspect();
    for (const name of ["one", "other"]) images.push(await derive(Image, name));
    this.images = [...images];
  }

  /** Everybody's way in goes: the editors stay. The images of the gateways go into `images`. */
  async compareGateway(images: string[]): Promise<Comparison> {
    const { report, rounds } = this.context;
    const gateway = dockerName(this.environment.stack, "gateway");
    const file = path.join(this.copy.root, "images", "gateway", "Dockerfile");
    const ours = readFileSync(file, "utf8");
    const another = {
      name: "another gateway",
      round: async () => {
        this.turn += 1;
        const label = `LABEL doom.bench=${this.environment.stack}-${this.turn % 2}`;
        writeFileSync(file, `${ours}\n${label}\n`);
        const away = await longestOutage(this.url, isLogin, () => this.pulumi.up());
        images.push((await engine.getContainer(gateway).inspect()).Image);
        return { away };
      },
    };
    const restart = { name: "docker restart", round: () => this.restart(gateway) };
    const timings = await alternate([another, restart], rounds, report);
    return {
      figure: "interruption by another gateway",
      ours: timesOf(timings, another.name, "away"),
      peer: restart.name,
      theirs: timesOf(timings, restart.name, "away"),
      bound: BOUND,
    };
  }

  async compare(size: number): Promise<Comparison> {
    const { report, rounds } = this.context;
    const script = `mkdir -p /config/workspace/bulk; cd /config/workspace/bulk
      for i in $(seq $(ls | wc -l) $(($1 - 1))); do head -c 1M /dev/urandom >"$i"; done`;
    const megabytes = String(Math.round(size * 1000));
    await runIn(this.editor, ["bash", "-euc", script, "fill", megabytes], "1000:1000");
    const upgrade = { name: "upgrade", round: () => this.upgrade() };
    const restart = { name: "docker restart", round: () => this.restart(this.editor) };
    const timings = await alternate([upgrade, restart], rounds, report);
    return {
      figure: `interruption with ${size} GB`,
      ours: timesOf(timings, upgrade.name, "away"),
      peer: restart.name,
      theirs: timesOf(timings, restart.name, "away"),
      bound: BOUND,
    };
  }

  private async upgrade(): Promise<Record<string, number>> {
    this.turn += 1;
    const reference = this.images[this.turn % 2] as string;
    this.environment.configure((value) => ({ ...value, image: { reference } }));
    const away = await longestOutage(this.url, isLogin, () => this.pulumi.up());
    const journal = readJournal(this.copy.project, this.environment.stack, "code-server-1");
    const { copying = 0, rehearsal = 0, cutover = 0 } = journal?.timings ?? {};
    return { away, copying, rehearsal, cutover };
  }

  private async restart(container: string): Promise<Record<string, number>> {
    const away = await longestOutage(this.url, isLogin, async () => {
      await engine.getContainer(container).restart();
      await waitForContainer(container, isHealthy);
    });
    return { away };
  }
}

const isLogin = (status: number) => status === 200;

async function derive(image: string, name: string): Promise<string> {
  const build = promisify(execFile)("docker", ["build", "--quiet", "-"], {
    env: { ...process.env, DOCKER_BUILDKIT: "0" },
  });
  build.child.stdin?.end(`FROM ${image}\nLABEL doom.bench=${name}\n`);
  return (await build).stdout.trim();
}

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { readPromotions } from "../../operations/promotionRecords";
import { engine, isHealthy, waitForContainer } from "../support/dockerHost";
import { EditorClient } from "../support/editorClient";
import { createProjectCopy, type ProjectCopy } from "../support/projectCopy";
import { requirePromoted, seenOf } from "../support/promotedPair";
import { UpgradeLife } from "../support/upgradeLife";
import type { Soak, SoakContext, SoakRun } from "./soak";

/** What dev is proven with goes on to staging and from there to prod, each time another image and other settings. */
export const promotionsSoak: Soak = {
  name: "promotions",
  summary:
    "promotions from dev over staging to prod, of changing versions and settings, each proven apart",
  count: 20,
  begin,
};

/** An environment never goes back to an older one, so that they come in this order. */
const VERSIONS = ["4.133.0", "4.136.2", "4.139.1"] as const;
/** With each; between two of them the same version is built anew. */
const TIMES = 5;
/** Every so many times only the settings change. */
const SETTINGS_ONLY = 4;
const ZONES = ["UTC", "Europe/Berlin", "Asia/Kolkata"] as const;
const COLUMNS = "in dev | settings | staging | prod";
/** The shortest; the gates themselves take their time all the same. */
const WATCH = ["--watch", "0"];

async function begin({ report }: SoakContext): Promise<SoakRun> {
  const copy = createProjectCopy();
  const chain = new Chain(copy);
  const end = async () => {
    await copy.dispose();
    await chain.removeImages();
  };
  try {
    report(
      `bringing up three environments with ${VERSIONS[0]}, which is built first where it is not there`,
    );
    await chain.begin();
    report(COLUMNS);
    return { once: (seed) => chain.pass(seed), end };
  } catch (error) {
    await end();
    throw error;
  }
}

class Chain {
  private readonly lives: UpgradeLife[] = [];
  private readonly built: string[] = [];
  private times = 0;

  constructor(private readonly copy: ProjectCopy) {}

  async begin(): Promise<void> {
    const { copy, lives } = this;
    for (const logLevel of ["debug", "info", "warn"]) {
      const before = lives.at(-1)?.stack;
      const promotion = before === undefined ? {} : { promotion: { from: before } };
      const image = { version: VERSIONS[0] };
      lives.push(new UpgradeLife(copy, await copy.addStack({ image, logLevel, ...promotion })));
    }
    await this.dev.doom("init");
    for (const { environment, stack } of lives) {
      const key = ["config", "set", "--secret", "--path", "doom-coding:secrets.code-server-1"];
      await environment.pulumiWithInput(`of ${stack} and of nobody else`, ...key);
    }
    await Promise.all(lives.map((life) => life.doom("up", life.stack)));
  }

  private get dev(): UpgradeLife {
    return this.lives[0] as UpgradeLife;
  }

  /** Once from dev to prod. */
  async pass(seed: number): Promise<string> {
    const [dev, staging, prod] = this.lives as [UpgradeLife, UpgradeLife, UpgradeLife];
    const changed = this.configure(seed);
    const image = await this.renew(seed);
    await dev.work(seed);
    const hops = [await this.hop(dev, staging, seed), await this.hop(staging, prod, seed + 1)];
    return [image, changed, ...hops].join(" | ");
  }

  /** Other settings in dev's file: they come, change and go. Gives which. */
  private configure(seed: number): string {
    const timeZone = ZONES[seed % ZONES.length] as string;
    const variables = {
      ROUND: String(seed),
      ODD: `it's "${seed}" \\ $HOME = é\n`,
      ...(seed % 2 === 0 ? { EVEN: "true" } : {}),
    };
    this.dev.environment.configure((value) => ({ ...value, timeZone, variables }));
    return `${timeZone}, ${Object.keys(variables).length} variables`;
  }

  /** Brings dev to its next image, through the path of every upgrade. Gives which. */
  private async renew(seed: number): Promise<string> {
    const { dev, times } = this;
    this.times += 1;
    const version = VERSIONS[Math.min(VERSIONS.length - 1, Math.floor(times / TIMES))] as string;
    if (times % TIMES === 0 && times > 0 && times < TIMES * VERSIONS.length) {
      await dev.doom("upgrade", dev.stack, "--to", version, ...WATCH);
      return version;
    }
    if (times % SETTINGS_ONLY === SETTINGS_ONLY - 1) {
      await dev.doom("up", dev.stack);
      return `${version}, which it had`;
    }
    const image = await this.anew(await dev.image(), seed);
    await dev.doom("upgrade", dev.stack, "--image", image, ...WATCH);
    return `${version}, built anew`;
  }

  /** The same with another layer. */
  private async anew(image: string, seed: number): Promise<string> {
    const run = promisify(execFile)("docker", ["build", "--quiet", "-"], {
      env: { ...process.env, DOCKER_BUILDKIT: "0" },
    });
    run.child.stdin?.end(`FROM ${image}\nLABEL doom.soak.round="${this.dev.stack} ${seed}"\n`);
    const id = (await run).stdout.trim();
    this.built.push(id);
    return id;
  }

  /** One promotion, and all that has to be so after it. */
  private async hop(from: UpgradeLife, to: UpgradeLife, seed: number): Promise<string> {
    await to.work(seed);
    const [source, before] = [await seenOf(from), await seenOf(to)];
    const manifest = await to.manifest();
    const promoted = await to.doom("promote", from.stack, to.stack, ...WATCH, "--json");
    const { promotion } = JSON.parse(promoted) as { promotion: { hash: string } };
    await waitForContainer(to.editor, isHealthy);
    await requirePromoted({ from, to, source, before, manifest, hash: promotion.hash });
    await this.requireLogin(to);
    await to.removeKept();
    const entries = readPromotions(this.copy.project, to.stack).length;
    return `equal, record ${entries}`;
  }

  /** The user gets in with the environment's own password. */
  private async requireLogin({ environment, stack }: UpgradeLife): Promise<void> {
    const { url } = await environment.outputs();
    const visitor = new EditorClient(url);
    await visitor.login(`of ${stack} and of nobody else`);
    if (!(await visitor.getsIn())) throw new Error(`nobody gets in at ${stack}`);
  }

  /** Nothing else ever would; what a later one was built on stays until that is gone. */
  async removeImages(): Promise<void> {
    for (const id of this.built.reverse()) {
      try {
        await engine.getImage(id).remove({ force: true });
      } catch (error) {
        // One that was built from it has taken it along.
        if ((error as { statusCode?: number }).statusCode !== 404) throw error;
      }
    }
  }
}

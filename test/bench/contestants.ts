import { rmSync } from "node:fs";
import path from "node:path";
import { performance } from "node:perf_hooks";
import { ensurePassphraseFile, passphrasePath } from "../../operations/passphrase";
import { secretFolder } from "../../operations/secretLocation";
import { containersOf, isHealthy } from "../support/dockerHost";
import { type ProjectCopy, removeFromDocker } from "../support/projectCopy";
import type { Contestant } from "./alternate";
import type { BenchContext } from "./group";
import { timeProcess } from "./process";
import { PulumiStack } from "./pulumiStack";

const HEALTH_POLL_MS = 20;
const HEALTH_TIMEOUT_MS = 600_000;

/** The same round for all: up from nothing, up again, down, and away with what is kept on purpose. */
export abstract class Round implements Contestant {
  abstract readonly name: string;

  constructor(
    readonly stack: string,
    readonly instances: number,
  ) {}

  /** Milliseconds from the command's start until every container is healthy. */
  abstract start(): Promise<number>;
  /** Milliseconds of finding out that nothing is to do, while everything runs. */
  abstract nothing(): Promise<number>;
  /** Milliseconds of taking down containers and networks; the data stays. */
  abstract stop(): Promise<number>;
  /** Removes the data and whatever else a fresh start must not find. */
  abstract clean(): Promise<void>;

  readonly round = async () => {
    const up = await this.start();
    const again = await this.start();
    const down = await this.stop();
    await this.clean();
    return { up, "up again": again, down };
  };

  protected async untilHealthy(start: () => Promise<unknown>): Promise<number> {
    const since = performance.now();
    await start();
    for (;;) {
      const containers = await containersOf(this.stack);
      const healthy = containers.filter(isHealthy).length;
      // The editors and their gateway.
      if (healthy === this.instances + 1) return performance.now() - since;
      if (performance.now() - since > HEALTH_TIMEOUT_MS) {
        const states = containers.map(({ Name, State }) => `${Name} ${JSON.stringify(State)}`);
        throw new Error(`${this.name} of ${this.stack} is not healthy:\n${states.join("\n")}`);
      }
      await new Promise((resolve) => setTimeout(resolve, HEALTH_POLL_MS));
    }
  }
}

/** The engine alone, without the checks and the plan that `doom` puts before it. */
export class PulumiContestant extends Round {
  readonly name: string = "pulumi";
  protected readonly pulumi: PulumiStack;
  private created = false;

  constructor(copy: ProjectCopy, stack: string, instances: number, context: BenchContext) {
    super(stack, instances);
    ensurePassphraseFile(copy.project, stack);
    const passphrase = passphrasePath(copy.project, stack);
    this.pulumi = new PulumiStack(copy.root, stack, context.engine, passphrase, context.signal);
  }

  async start(): Promise<number> {
    if (!this.created) await this.pulumi.create();
    this.created = true;
    return this.untilHealthy(() => this.bringUp());
  }

  protected bringUp(): Promise<unknown> {
    return this.pulumi.up();
  }

  async nothing(): Promise<number> {
    return (await this.pulumi.preview()).milliseconds;
  }

  async stop(): Promise<number> {
    // As `doom down`: data and secrets are protected and stay.
    const words = ["destroy", "--yes", "--skip-preview", "--exclude-protected"];
    return (await this.pulumi.run(...words)).milliseconds;
  }

  async clean(): Promise<void> {
    await this.pulumi.run("stack", "rm", "--yes", "--force", "--preserve-config");
    this.created = false;
    await removeFromDocker(this.stack);
    rmSync(secretFolder(this.stack), { recursive: true, force: true });
  }
}

/** What a person types: checks, a plan with the policy pack, and then the engine with it. */
export class DoomContestant extends PulumiContestant {
  override readonly name = "doom";

  protected override bringUp(): Promise<unknown> {
    return this.pulumi.doom("up", this.stack);
  }

  override async stop(): Promise<number> {
    return (await this.pulumi.doom("down", this.stack)).milliseconds;
  }
}

export class ComposeContestant extends Round {
  readonly name = "docker-compose";

  constructor(
    stack: string,
    instances: number,
    private readonly file: string,
    private readonly context: BenchContext,
  ) {
    super(stack, instances);
  }

  private compose(...words: string[]) {
    return timeProcess({
      command: "docker-compose",
      arguments: ["--project-name", this.stack, "--file", this.file, ...words],
      folder: path.dirname(this.file),
      environment: process.env,
      signal: this.context.signal,
    });
  }

  start(): Promise<number> {
    return this.untilHealthy(() => this.compose("up", "--detach"));
  }

  /** It has no preview: the same command again. */
  async nothing(): Promise<number> {
    return (await this.compose("up", "--detach")).milliseconds;
  }

  async stop(): Promise<number> {
    return (await this.compose("down")).milliseconds;
  }

  clean(): Promise<void> {
    return removeFromDocker(this.stack);
  }
}

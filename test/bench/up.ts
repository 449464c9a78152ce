import { rmSync } from "node:fs";
import path from "node:path";
import { performance } from "node:perf_hooks";
import type { Comparison } from "../../checks/benchVerdict";
import { ensurePassphraseFile, passphrasePath } from "../../operations/passphrase";
import { secretFolder } from "../../operations/secretLocation";
import { containersOf, isHealthy } from "../support/dockerHost";
import { createProjectCopy, type ProjectCopy, removeFromDocker } from "../support/projectCopy";
import { alternate, type Contestant, timesOf } from "./alternate";
import { writeComposeFile } from "./compose";
import type { BenchContext, Group } from "./group";
import { timeProcess } from "./process";
import { PulumiStack } from "./pulumiStack";
import { requireSame, shapeOf } from "./sameContainers";

const PEER = "docker-compose";
const OURS = "environment";

/**
 * Compose starts the same containers but keeps no state, makes no secrets and checks nothing: twice
 * its time is what those may cost. Judged at 5 editors; with 1 the engine's own start dominates.
 */
const UP_BOUND = 2;

/** Put into the gateway by the program; Compose can only mount it. */
const HAPROXY_CONFIG = "/usr/local/etc/haproxy/haproxy.cfg";
const HEALTH_POLL_MS = 20;
const HEALTH_TIMEOUT_MS = 180_000;

/** Bringing environments up, again, and down, with the images present. */
export const upGroup: Group = {
  name: "up",
  summary: "up of 1 and of 5 editors, up again, and down, against docker-compose",
  rounds: 5,
  measure,
};

async function measure(context: BenchContext): Promise<Comparison[]> {
  const copy = createProjectCopy();
  try {
    return [...(await compare(copy, 1, context)), ...(await compare(copy, 5, context))];
  } finally {
    await copy.dispose();
  }
}

async function compare(
  copy: ProjectCopy,
  instances: number,
  context: BenchContext,
): Promise<Comparison[]> {
  const { stack } = await copy.addStack({ instances });
  const ours = new PulumiContestant(copy, stack, instances, context);
  const compose = await prepare(copy, ours, context);
  const timings = await alternate([ours, compose], context.rounds, context.report);
  const against = (part: string, bound?: number) => ({
    figure: `${part} of ${instances}`,
    ours: timesOf(timings, OURS, part),
    peer: PEER,
    theirs: timesOf(timings, PEER, part),
    ...(bound === undefined ? {} : { bound }),
  });
  return [
    against("up", instances === 5 ? UP_BOUND : undefined),
    against("up again"),
    against("down"),
  ];
}

/** One untimed turn of each: images get built, and the peer is proven to run the same containers. */
async function prepare(
  copy: ProjectCopy,
  ours: PulumiContestant,
  context: BenchContext,
): Promise<ComposeContestant> {
  const { stack } = ours;
  context.report(`${stack}: building what is missing, and one turn without a clock`);
  await ours.start();
  const folder = path.join(copy.root, `compose-${stack}`);
  const file = await writeComposeFile(stack, folder, {
    [`doom-${stack}-gateway`]: [HAPROXY_CONFIG],
  });
  const wanted = (await containersOf(stack)).map((container) =>
    shapeOf(container, [HAPROXY_CONFIG]),
  );
  await ours.stop();
  await ours.clean();
  const compose = new ComposeContestant(stack, ours.instances, file, context);
  await compose.start();
  const started = (await containersOf(stack)).map((container) =>
    shapeOf(container, [HAPROXY_CONFIG]),
  );
  requireSame(wanted, started);
  await compose.stop();
  await removeFromDocker(stack);
  return compose;
}

/** The same round for both: up from nothing, up again, down, and away with what is kept on purpose. */
abstract class Round implements Contestant {
  abstract readonly name: string;

  constructor(
    readonly stack: string,
    readonly instances: number,
  ) {}

  /** Milliseconds from the command's start until every container is healthy. */
  abstract start(): Promise<number>;
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

class PulumiContestant extends Round {
  readonly name = OURS;
  private readonly pulumi: PulumiStack;
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
    return this.untilHealthy(() => this.pulumi.up());
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

class ComposeContestant extends Round {
  readonly name = PEER;

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

  async stop(): Promise<number> {
    return (await this.compose("down")).milliseconds;
  }

  clean(): Promise<void> {
    return removeFromDocker(this.stack);
  }
}

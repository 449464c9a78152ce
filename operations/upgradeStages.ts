import { upgradeName } from "../config/names";
import type { GateResult } from "./deepGate";
import { Failure } from "./failure";
import { rehearse } from "./rehearsal";
import type { ToolsContainer } from "./toolsContainer";
import { emptyTree } from "./treeRoom";
import { CLONE, COPY, describeDifferences, type UpgradeData } from "./upgradeData";
import type { ContainerShape, Journal } from "./upgradeJournal";
import {
  ensureVolume,
  enterStage,
  type GateRun,
  orUndo,
  otherUsers,
  removeVolumes,
  stopContainer,
  volumeAt,
  withData,
} from "./upgradeRun";

/** The stages of an upgrade until the engine may replace the container. */

/**
 * Copies the data, rehearses the image on a clone of the copy, stops the container and copies the rest.
 *
 * Gives the journal in the stage `passed`. When anything fails, all is as it was before. Throws a
 * {@link Failure} that names the stage.
 */
export async function passUpgrade(run: GateRun, first: Journal): Promise<Journal> {
  const { docker, stack, instance, signal } = run;
  const clone = upgradeName(stack, "rehearsal", instance, first.id);
  const upgrade = new Upgrade(run, first, clone);
  const remove = () => removeVolumes(docker, [clone]);
  try {
    return await orUndo(
      run,
      () => upgrade.journal,
      async () => {
        upgrade.enter("copying");
        await ensureVolume(run, "before-upgrade", first.copy);
        await ensureVolume(run, "rehearsal", clone);
        const mounts = [volumeAt(first.copy, COPY), volumeAt(clone, CLONE)];
        await withData(run, mounts, (data, tools) => upgrade.pass(data, tools), { signal });
        await remove();
        return upgrade.journal;
      },
    );
  } catch (error) {
    // Without Docker it stays until the next run, which knows whose it was; and there is worse to tell.
    await remove().catch(() => {});
    throw error;
  }
}

class Upgrade {
  constructor(
    private readonly run: GateRun,
    public journal: Journal,
    private readonly clone: string,
  ) {}

  enter(stage: Journal["stage"], more: Partial<Journal> = {}): void {
    this.journal = enterStage(this.run, { ...this.journal, ...more }, stage);
  }

  async pass(data: UpgradeData, tools: ToolsContainer): Promise<void> {
    const manifest = await this.timed("copying", async () => {
      // One to go back to, one to rehearse on.
      await data.requireRoomFor(2);
      await data.copyHot();
      return data.clone();
    });
    this.enter("rehearsing", { extensions: await data.inventory(COPY) });
    await this.timed("rehearsal", async () => {
      requirePassed(await this.rehearse());
      await requireUntouched(data, manifest, this.run.service.startPaths);
      await emptyTree(tools, CLONE);
    });
    await data.catchUp();
    this.enter("stopping", { others: await otherUsers(this.run) });
    const began = Date.now();
    const { container, others = [] } = this.journal;
    const all = [...(container ? [container.id] : []), ...others];
    await Promise.all(all.map((id) => stopContainer(this.run, id)));
    const proven = await data.copyRest();
    this.enter("passed", {
      manifest: proven,
      attempt: this.run.attempt,
      timings: { ...this.journal.timings, cutover: Date.now() - began },
    });
  }

  private rehearse(): Promise<GateResult> {
    const { project, docker, stack, service, instance, environment, signal, observer } = this.run;
    const { id, to, shape, extensions = [] } = this.journal;
    observer.enter("rehearsing the new version on a clone of the data");
    return rehearse({
      project,
      docker,
      stack,
      service,
      instance,
      id,
      image: to.id,
      shape: shape as ContainerShape,
      environment,
      volume: this.clone,
      inventory: extensions,
      signal,
    });
  }

  private async timed<T>(name: string, work: () => Promise<T>): Promise<T> {
    const began = Date.now();
    const result = await work();
    const timings = { ...this.journal.timings, [name]: Date.now() - began };
    this.journal = { ...this.journal, timings };
    return result;
  }
}

/** Throws a {@link Failure} with what the gate found, and the container's last words. */
export function requirePassed({ passed, checks, log = [] }: GateResult): void {
  if (passed) return;
  throw new Failure("unhealthy", "the new version does not do what it has to.", {
    problems: [
      ...checks
        .filter((check) => !check.passed)
        .map(({ name, evidence }) => `${name}: ${evidence}`),
      ...(log.length > 0 ? [`its last lines:\n${log.join("\n")}`] : []),
    ],
  });
}

async function requireUntouched(
  data: UpgradeData,
  manifest: string,
  startPaths: readonly string[],
): Promise<void> {
  const changes = await data.changesSince(CLONE, manifest, startPaths);
  if (changes.length === 0) return;
  throw new Failure("data", "the new version changes data when it starts.", {
    problems: describeDifferences(changes),
  });
}

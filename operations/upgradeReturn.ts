import type Docker from "dockerode";
import { Failure } from "./failure";
import { runningWith } from "./snapshotPlaces";
import { COPY, FORMER, type UpgradeData } from "./upgradeData";
import type { Journal } from "./upgradeJournal";
import {
  ensureVolume,
  enterStage,
  type GateRun,
  orUndo,
  otherUsers,
  startAgain,
  stopContainer,
  volumeAt,
  withData,
} from "./upgradeRun";
import { unitVolume } from "./upgradeServices";

/** The way back of one container: its data is kept, and what it was before takes its place. */

/** What is left of a way back when it is asked for again. */
const BEGUN: readonly Journal["stage"][] = ["asked", "copying", "stopping"];

/**
 * Keeps the data in a volume of its own and restores what was before, both proven.
 *
 * Gives the journal in the stage `passed`: the container is stopped, and the engine may replace it. When
 * anything fails, all is as it was. Throws a Failure that names the stage.
 */
export async function goBack(
  run: GateRun,
  asked: Journal,
  container: Docker.ContainerInspectInfo | undefined,
): Promise<Journal> {
  // One that an earlier run has stopped is still to be started, should this fail.
  const isKnown = container === undefined || container.Id === asked.container?.id;
  const way = new WayBack(run, isKnown ? asked : { ...asked, ...present(container) });
  return orUndo(
    run,
    () => way.journal,
    async () => {
      await ensureVolume(run, "after-upgrade", asked.copy);
      await way.go();
      // The engine replaces only what is of another image.
      if (container?.Image === run.image) await startAgain(run, way.journal);
      return way.journal;
    },
  );
}

function present({ Id, Name, State }: Docker.ContainerInspectInfo): Pick<Journal, "container"> {
  return { container: { id: Id, name: Name.slice(1), running: State.Running } };
}

class WayBack {
  constructor(
    private readonly run: GateRun,
    public journal: Journal,
  ) {}

  private enter(stage: Journal["stage"], more: Partial<Journal> = {}): void {
    this.journal = enterStage(this.run, { ...this.journal, ...more }, stage);
  }

  async go(): Promise<void> {
    const { copy, restore } = this.journal;
    if (restore === undefined) throw new Error("a way back without something to restore");
    const mounts = [volumeAt(copy, COPY), volumeAt(restore.volume, FORMER, true)];
    const { signal } = this.run;
    await withData(
      this.run,
      mounts,
      async (data) => {
        if (BEGUN.includes(this.journal.stage)) await this.keep(data, restore.manifestFile);
        // Whoever started it again since would write to what is being restored.
        else await this.stop();
        await this.restore(data, restore.manifestFile);
      },
      { writesLive: true, signal },
    );
  }

  private async keep(data: UpgradeData, former: string): Promise<void> {
    this.enter("copying");
    await data.requireRoomFor(1);
    await data.copyHot();
    this.run.observer.enter("reading the data from before the upgrade");
    await data.requireUndamaged(FORMER, former, "the data from before the upgrade");
    const others = new Set([...(this.journal.others ?? []), ...(await otherUsers(this.run))]);
    this.enter("stopping", { others: [...others] });
    await this.stop();
    await data.copyRest();
    data.keepManifest();
    this.enter("restoring");
  }

  private async stop(): Promise<void> {
    const { container, others = [] } = this.journal;
    const all = [...(container ? [container.id] : []), ...others];
    await Promise.all(all.map((id) => stopContainer(this.run, id)));
  }

  private async restore(data: UpgradeData, former: string): Promise<void> {
    const { docker, stack } = this.run;
    const users = await runningWith(docker, unitVolume(stack, this.run));
    if (users.length > 0) {
      const names = users.map(({ name }) => name).join(", ");
      throw new Failure("locked", `${names} uses the data.`, {
        fix: `stop it: docker stop ${names}`,
      });
    }
    const manifest = await data.restore(FORMER, former);
    const extensions = await data.inventory(FORMER);
    this.enter("passed", { manifest, extensions, attempt: this.run.attempt });
  }
}

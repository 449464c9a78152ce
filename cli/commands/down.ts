import { withNeeds } from "../../checks/checkpoint";
import { isOwnVolume } from "../../config/names";
import { connectDocker, dockerFacts, dockerFailure } from "../../operations/dockerHost";
import type { OpenStack } from "../../operations/engine";
import { Failure } from "../../operations/failure";
import { blamingOtherRuns, refuseHeld } from "../../operations/locks";
import { reconcile } from "../../operations/reconcile";
import { openSession, type StackSession } from "../../operations/stackSession";
import { readState } from "../../operations/stateFiles";
import { forgetUpgrades } from "../../operations/upgradeJournal";
import { type CommandContext, refreshState, runEngine } from "../engineRun";
import type { Outcome } from "../output";
import { changesText } from "../text";
import type { UpdateProgress } from "../updateProgress";

export interface DownOptions {
  /** Whether volumes and passwords go, too. */
  readonly purge: boolean;
  /** Asks the user to confirm the loss of these volumes; throws unless they do. */
  readonly confirm: (volumes: readonly string[]) => Promise<void>;
}

/**
 * `doom down <stack>`: removes containers, networks and secret files; data and passwords stay.
 *
 * What the program protects (volumes, and the passwords that open them) stays on the host and in
 * the state, so that the next `up` finds both. `--purge` removes that, too.
 */
export async function down(
  stack: string,
  options: DownOptions,
  context: CommandContext,
): Promise<Outcome> {
  const { display } = context;
  display.enter(`checking ${stack}`);
  const session = await openSession(stack);
  refuseHeld(session.project, stack);
  const volumes = await dataVolumes(stack);
  display.stop();
  if (options.purge) await options.confirm(volumes);
  const result = await blamingOtherRuns(session.project, stack, () =>
    takeDown(session, context, options.purge),
  );
  if (options.purge) {
    await removeVolumes(volumes, context);
    forgetUpgrades(session.project, stack);
  }
  display.stop();
  return describeDown(stack, options.purge, { ...result, volumes });
}

async function takeDown(
  session: StackSession,
  context: CommandContext,
  purge: boolean,
): Promise<Omit<DownSummary, "volumes">> {
  const { notes, refresh } = await reconcile(session.project, session.stack);
  for (const note of notes) context.display.line(note);
  const open = await session.open(purge ? { PULUMI_OPTION_IGNORE_PROTECT: "true" } : {});
  if (refresh) await refreshState(session, context, open);
  const { changes } = await destroy(session, context, open, purge);
  return { changes, notes };
}

/** The volumes of `stack` on the host, snapshots included, whether its state knows them or not. */
async function dataVolumes(stack: string): Promise<string[]> {
  const { volumes } = await dockerFacts();
  return volumes
    .filter(({ name, labels }) => isOwnVolume(stack, name, labels))
    .map(({ name }) => name)
    .sort();
}

async function destroy(
  session: StackSession,
  context: CommandContext,
  { stack }: OpenStack,
  purge: boolean,
): Promise<UpdateProgress> {
  // Images stay on the host in any case; to forget them would mean to build them again.
  const state = readState(session.project, session.stack);
  const exclude = state ? withNeeds(state.checkpoint, "docker:index/remoteImage:RemoteImage") : [];
  const { progress } = await runEngine(
    session,
    context,
    { purpose: "down", phase: `taking down ${session.stack}`, lines: true },
    (onEvent) => stack.destroy(purge ? { onEvent } : { onEvent, excludeProtected: true, exclude }),
  );
  return progress;
}

/**
 * The program retains volumes on deletion, so the engine only forgets them. Removed last: until
 * then an interrupted purge can be taken up again, or be taken back with `up`.
 */
async function removeVolumes(
  volumes: readonly string[],
  { display }: CommandContext,
): Promise<void> {
  const docker = await connectDocker();
  for (const name of volumes) {
    display.enter(`removing the volume ${name}`);
    try {
      await docker.getVolume(name).remove();
    } catch (error) {
      if ((error as { statusCode?: number }).statusCode === 409) {
        throw new Failure("update", `The volume ${name} is still in use.`, {
          fix: `see by what: docker ps -a --filter volume=${name}; remove that and run the command again`,
        });
      }
      if ((error as { statusCode?: number }).statusCode !== 404) throw dockerFailure(error);
    }
    display.line(`  deleted  Volume ${name}`);
  }
}

interface DownSummary {
  readonly changes: UpdateProgress["changes"];
  readonly volumes: readonly string[];
  readonly notes: readonly string[];
}

function describeDown(stack: string, purge: boolean, summary: DownSummary): Outcome {
  const { changes, volumes, notes } = summary;
  const list = volumes.join(", ");
  const kept = purge ? [] : volumes;
  const text = purge
    ? `${stack} is gone: ${changesText(changes)}; data deleted: ${list || "none"}.`
    : [
        `${stack} is down: ${changesText(changes)}.`,
        ...(kept.length > 0 ? [`Kept with their passwords: ${list}`] : []),
        "",
        `  npx doom up ${stack}             bring it back as it was`,
        ...(kept.length > 0
          ? [`  npx doom down ${stack} --purge   delete its data and passwords, too`]
          : []),
      ].join("\n");
  const data = { changes, kept, deletedVolumes: purge ? volumes : [], notes };
  return { text, data };
}

import {
  type DockerThing,
  findLeftovers,
  type Leftovers,
  removalCommand,
} from "../checks/leftovers";
import { connectDocker, dockerFacts, removeThing, thingsOfStack } from "./dockerHost";
import { Failure } from "./failure";
import { clearStaleLocks, findLocks, withLock } from "./locks";
import type { Project } from "./project";
import { readState, recordedRuns, type StoredState } from "./stateFiles";
import { removeStrayRehearsals } from "./strayRehearsals";

/**
 * What earlier runs left behind, set right before a new one begins.
 *
 * A run that was killed leaves a lock, operations that its state calls pending, and containers or
 * networks that its state does not know. A provider that was killed leaves the last alone.
 */

export interface Reconciliation {
  /** What was done or found, a sentence each. */
  readonly notes: readonly string[];
  /** Whether the state has to be compared with the Docker host before it can be relied on. */
  readonly refresh: boolean;
}

/**
 * Clears what is provably this state's own and harmless, and finds out whether to refresh.
 *
 * Throws a {@link Failure}: the stack is held by another run, its state is damaged, or something
 * of its name on the Docker host is not of its making.
 */
export async function reconcile(project: Project, stack: string): Promise<Reconciliation> {
  const notes = clearStaleLocks(project, stack);
  await removeStrayRehearsals(await connectDocker(), stack);
  const removed = await removeLeftovers(project, stack);
  const state = readState(project, stack);
  const pending = state?.checkpoint.pending.length ?? 0;
  const drift = state ? await findDrift(state) : [];
  return {
    notes: [
      ...notes,
      ...removed.map(({ kind, name }) => `removed the ${kind} ${name}, left by an interrupted run`),
      ...(pending > 0 ? [`an earlier run was interrupted during ${describe(pending)}`] : []),
      ...drift,
    ],
    refresh: pending > 0 || drift.length > 0,
  };
}

/** The same look without touching anything: what `up` will have to set right. */
export async function findUnfinished(project: Project, stack: string): Promise<string[]> {
  const { remove, unexplained } = await leftoversOf(project, stack);
  const pending = readState(project, stack)?.checkpoint.pending.length ?? 0;
  return [
    ...findLocks(project, stack).map(({ judgement }) => `locked: ${judgement.reason}`),
    ...(pending > 0 ? [`an earlier run was interrupted during ${describe(pending)}`] : []),
    ...remove.map(({ kind, name }) => `the ${kind} ${name} was left by an interrupted run`),
    ...unexplained.map(({ kind, name }) => `the ${kind} ${name} is unknown to this state`),
  ];
}

function describe(operations: number): string {
  return operations === 1 ? "one operation" : `${operations} operations`;
}

async function leftoversOf(project: Project, stack: string): Promise<Leftovers> {
  const things = await thingsOfStack(stack);
  const state = readState(project, stack);
  return findLeftovers(stack, things, {
    checkpoint: state?.checkpoint ?? { resources: [], pending: [] },
    checkpointWrittenAt: state?.writtenAt ?? 0,
    runs: recordedRuns(project, stack),
  });
}

async function removeLeftovers(project: Project, stack: string): Promise<DockerThing[]> {
  const seen = await leftoversOf(project, stack);
  if (seen.remove.length === 0) return refuseUnexplained(stack, seen);
  // A run that began since would be making just such things: look again while none can be active.
  return withLock(project, stack, async () => {
    const leftovers = await leftoversOf(project, stack);
    refuseUnexplained(stack, leftovers);
    // A network goes only when nothing is attached to it any more.
    const order = [...leftovers.remove].sort((a, b) => a.kind.localeCompare(b.kind));
    for (const thing of order) await removeThing(thing);
    return order;
  });
}

function refuseUnexplained(stack: string, { unexplained }: Leftovers): [] {
  if (unexplained.length === 0) return [];
  throw new Failure(
    "state",
    `On the Docker host there is more of ${stack} than the state of this checkout knows.`,
    {
      problems: unexplained.map(
        ({ kind, name, createdAt }) =>
          `the ${kind} ${name}, made ${new Date(createdAt).toISOString()}`,
      ),
      fix: `if another checkout runs a stack ${stack}, give this one another name; else remove them (no data is lost): ${unexplained.map(removalCommand).join(" && ")}`,
    },
  );
}

/** What the state holds and the Docker host no longer has, or has stopped. */
async function findDrift({ checkpoint }: StoredState): Promise<string[]> {
  if (checkpoint.resources.length === 0) return [];
  const docker = await dockerFacts();
  const containers = new Map(docker.containers.map((container) => [container.id, container]));
  const networks = new Set(docker.networks.map(({ id }) => id));
  const volumes = new Set(docker.volumes.map(({ name }) => name));
  const images = new Set(docker.images);
  return checkpoint.resources.flatMap(({ type, id = "", inputs }) => {
    const name = String(inputs.name);
    switch (type) {
      case "docker:index/container:Container": {
        const state = containers.get(id)?.state;
        if (state === "running") return [];
        return [`the container ${name} is ${state ?? "gone"}; it is brought back`];
      }
      case "docker:index/network:Network":
        return networks.has(id) ? [] : [`the network ${name} is gone; it is made again`];
      case "docker:index/volume:Volume":
        return volumes.has(name)
          ? []
          : [`WARNING: the volume ${name} is gone, with its data; an empty one takes its place`];
      case "docker:index/remoteImage:RemoteImage":
        return images.has(name) ? [] : [`the image ${name} is gone; it is made again`];
      default:
        return [];
    }
  });
}

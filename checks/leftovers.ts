import { dockerName, type Role } from "../config/names";
import type { Checkpoint } from "./checkpoint";

/**
 * What an interrupted run left on the Docker host without its state knowing.
 *
 * A container or network carries no data, so one that is provably this state's own is removed
 * and the next update creates it again. Volumes are left alone: creating one is idempotent.
 */

/** A container or network with this stack's label. */
export interface DockerThing {
  readonly kind: "container" | "network";
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** When Docker made it, milliseconds since 1970. */
  readonly createdAt: number;
}

/** From when to when a recorded run of this state took place, milliseconds since 1970. */
export interface RunWindow {
  readonly start: number;
  readonly end: number;
}

/** What this checkout's own state proves. */
export interface OwnRecords {
  readonly checkpoint: Pick<Checkpoint, "resources" | "pending">;
  /** When the state file was last written, milliseconds since 1970. */
  readonly checkpointWrittenAt: number;
  readonly runs: readonly RunWindow[];
}

export interface Leftovers {
  /** Left by an interrupted run of this state. */
  readonly remove: readonly DockerThing[];
  /** Has this stack's name, but nothing proves that this state made it. */
  readonly unexplained: readonly DockerThing[];
}

const TYPES: Readonly<Record<string, DockerThing["kind"]>> = {
  "docker:index/container:Container": "container",
  "docker:index/network:Network": "network",
};

/**
 * The engine writes the pending operation just before it asks for the creation, so what the
 * operation made is at most as much younger as the Docker host was slow.
 */
const SLOWEST_CREATION_MS = 10 * 60_000;

/** Recorded runs begin and end on whole seconds; Docker records nanoseconds. */
const WINDOW_TOLERANCE_MS = 2_000;

/** Sorts what carries `stack`'s label into what is known, left behind and unexplained. */
export function findLeftovers(
  stack: string,
  things: readonly DockerThing[],
  own: OwnRecords,
): Leftovers {
  const known = new Set(own.checkpoint.resources.map((resource) => resource.id));
  const unknown = things.filter((thing) => !known.has(thing.id) && hasOwnName(stack, thing));
  const remove = unknown.filter((thing) => wasPending(thing, own) || duringOwnRun(thing, own));
  return { remove, unexplained: unknown.filter((thing) => !remove.includes(thing)) };
}

/** Exact name and labels; `doom-dev2-gateway` is nothing of `dev`'s. */
function hasOwnName(stack: string, { name, labels }: DockerThing): boolean {
  const instance = labels["doom.instance"];
  return (
    labels["doom.stack"] === stack &&
    name ===
      dockerName(
        stack,
        labels["doom.role"] as Role,
        instance === undefined ? undefined : Number(instance),
      )
  );
}

function wasPending(thing: DockerThing, own: OwnRecords): boolean {
  return (
    thing.createdAt <= own.checkpointWrittenAt + SLOWEST_CREATION_MS &&
    own.checkpoint.pending.some(
      ({ type, resource }) =>
        type === "creating" &&
        TYPES[resource.type] === thing.kind &&
        resource.inputs.name === thing.name,
    )
  );
}

/** Docker names are unique, so what appeared under ours while we were at work is ours. */
function duringOwnRun({ createdAt }: DockerThing, { runs }: OwnRecords): boolean {
  return runs.some(
    ({ start, end }) =>
      createdAt >= start - WINDOW_TOLERANCE_MS && createdAt <= end + WINDOW_TOLERANCE_MS,
  );
}

/** The command that removes a thing by hand. */
export function removalCommand({ kind, name }: DockerThing): string {
  return kind === "container" ? `docker rm -f ${name}` : `docker network rm ${name}`;
}

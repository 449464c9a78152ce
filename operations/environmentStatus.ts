import { type Checkpoint, stackOutputs } from "../checks/checkpoint";
import { WAITS_LABEL } from "../config/names";
import { type DockerFacts, dockerFacts, type VolumeFacts } from "./dockerHost";
import { findLocks } from "./locks";
import { type Project, readStackFile } from "./project";
import { readState } from "./stateFiles";

/** How an environment is doing, from its state and the Docker host; no engine, no passphrase. */
export interface EnvironmentStatus {
  readonly stack: string;
  /**
   * `new`: the stack was never created; `down`: nothing runs; `healthy`: all of it runs and its
   * health checks pass; `starting`: they have not answered yet; `unhealthy`: anything else.
   */
  readonly condition: "new" | "down" | "healthy" | "starting" | "unhealthy";
  readonly url?: string;
  readonly containers: readonly ContainerStatus[];
  /** Data volumes on the host; they stay when the environment is taken down. */
  readonly volumes: readonly string[];
  /** Those of them whose editors were left out when the environment got fewer; they come back with more. */
  readonly resting: readonly string[];
  /** Who holds the stack, and what an interrupted run left. */
  readonly notes: readonly string[];
}

export interface ContainerStatus {
  readonly name: string;
  readonly role: string;
  /** Docker's own word: running, exited, missing, … */
  readonly state: string;
  /** What its health check says; undefined when it has none or does not run. */
  readonly health?: "healthy" | "unhealthy" | "starting";
  /** What it needs from the user before it can do its work, and has not got; the environment is judged without it. */
  readonly waitsFor?: string;
}

const CONTAINER = "docker:index/container:Container";

/** Looks at one stack. Throws a Failure for an unknown stack, a damaged state, or without Docker. */
export async function environmentStatus(
  project: Project,
  stack: string,
): Promise<EnvironmentStatus> {
  readStackFile(project, stack);
  const state = readState(project, stack);
  const docker = await dockerFacts();
  const data = docker.volumes.filter(
    ({ labels }) => labels["doom.stack"] === stack && labels["doom.role"] === "data",
  );
  const volumes = data.map(({ name }) => name).sort();
  if (!state) return { stack, condition: "new", containers: [], volumes, resting: [], notes: [] };
  const containers = containerStatuses(state.checkpoint, docker);
  const { url, instances } = stackOutputs(state.checkpoint);
  const condition = conditionOf(containers);
  const pending = state.checkpoint.pending.length;
  return {
    stack,
    condition,
    ...(typeof url === "string" && condition !== "down" ? { url } : {}),
    containers,
    volumes,
    resting: restingVolumes(data, condition === "down" ? undefined : instances),
    notes: [
      ...findLocks(project, stack).map(({ judgement }) => `locked: ${judgement.reason}`),
      ...(pending > 0 ? [`an interrupted run left ${pending} pending; doom up finishes it`] : []),
    ],
  };
}

/** `instances`: the stack's output of that name; without one nothing is known to be left out. */
export function restingVolumes(data: readonly VolumeFacts[], instances: unknown): string[] {
  if (!Array.isArray(instances)) return [];
  return data
    .filter(({ labels }) => Number(labels["doom.instance"]) > instances.length)
    .map(({ name }) => name)
    .sort();
}

function containerStatuses(checkpoint: Checkpoint, docker: DockerFacts): ContainerStatus[] {
  const byId = new Map(docker.containers.map((container) => [container.id, container]));
  return checkpoint.resources
    .filter(({ type }) => type === CONTAINER)
    .map(({ id = "", inputs }) => {
      const found = byId.get(id);
      const health = found && healthOf(found.status);
      const waitsFor = health === "healthy" ? undefined : found?.labels[WAITS_LABEL];
      return {
        name: String(inputs.name),
        role: found?.labels["doom.role"] ?? "",
        state: found?.state ?? "missing",
        ...(health ? { health } : {}),
        ...(waitsFor === undefined ? {} : { waitsFor }),
      };
    })
    .sort((a, b) => a.name.localeCompare(b.name));
}

/** Docker gives the health only within its sentence: `Up 2 minutes (healthy)`. */
export function healthOf(status: string): ContainerStatus["health"] {
  const word = /\((healthy|unhealthy|health: starting)\)$/.exec(status)?.[1];
  return word === "health: starting" ? "starting" : (word as "healthy" | "unhealthy" | undefined);
}

/** The condition of an environment with these containers. */
export function conditionOf(
  containers: readonly ContainerStatus[],
): EnvironmentStatus["condition"] {
  if (containers.length === 0) return "down";
  const runs = containers.every(({ state }) => state === "running");
  const judged = containers.filter(({ waitsFor }) => waitsFor === undefined);
  if (runs && judged.every(({ health }) => health === "healthy")) return "healthy";
  if (runs && judged.every(({ health }) => health !== "unhealthy" && health !== undefined)) {
    return "starting";
  }
  return "unhealthy";
}

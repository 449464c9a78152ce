import { statfsSync } from "node:fs";
import {
  addressProblems,
  type CapacityFigure,
  type Claim,
  capacityFigures,
  capacityProblems,
  copyProblem,
  cpuProblems,
} from "../checks/capacity";
import { type Cidr, parseCidrLoosely } from "../checks/cidr";
import { declaredContainers, editorLimits } from "../config/containers";
import { NETWORK_SPLIT_BITS } from "../config/fields";
import { dockerName } from "../config/names";
import type { EnvironmentConfig } from "../config/schema";
import {
  connectDocker,
  type DockerFacts,
  dockerAddress,
  dockerFailure,
  isDockerLocal,
} from "./dockerHost";
import { errorCode, Failure } from "./failure";
import type { NeighbourStack } from "./neighbours";

/** What the Docker host has, and what all environments on it may take of it. */

export interface CapacityRequest {
  readonly stack: string;
  readonly environment: EnvironmentConfig;
  readonly docker: DockerFacts;
  readonly neighbours: readonly NeighbourStack[];
  /** Bytes of data of each editor that is about to be upgraded. */
  readonly upgrades: readonly number[];
}

export interface Capacity {
  readonly figures: readonly CapacityFigure[];
  /** One line each with its fix. */
  readonly problems: readonly string[];
}

const MEBIBYTE = 1024 ** 2;

/**
 * Compares what the environment declares, and what all other environments on the host may take, with the host.
 *
 * Others count by their containers, also those that are stopped, of whatever project: a stopped one can be
 * started without asking anybody. Of their storage only that of this project's stacks is known.
 */
export async function findCapacity(request: CapacityRequest): Promise<Capacity> {
  const { stack, environment, docker, upgrades } = request;
  const containers = declaredContainers(environment);
  const disk = isDockerLocal() ? diskOf(docker.rootFolder) : undefined;
  const figures = capacityFigures(
    ownClaim(request),
    [...rehearsalClaim(request), ...(await otherClaims(request))],
    { ...docker, storageMebibytes: disk && disk.bytes / MEBIBYTE },
    environment.capacity.overcommit,
  );
  const bytes = upgrades.reduce((sum, size) => sum + size, 0);
  const copies = disk && copyProblem(docker.rootFolder, disk.free, bytes);
  return {
    figures,
    problems: [
      ...cpuProblems(stack, environment.resources.cpus, docker.cpus),
      ...capacityProblems(stack, figures),
      ...addressProblems(
        stack,
        parseCidrLoosely(environment.network.cidr) as Cidr,
        2 ** NETWORK_SPLIT_BITS,
        containers.length,
      ),
      ...(copies ? [copies] : []),
    ],
  };
}

function ownClaim({ stack, environment, docker }: CapacityRequest): Claim {
  const limits = declaredContainers(environment).map((container) => container.limits);
  const declared = Array.from({ length: environment.instances }, (_, position) =>
    dockerName(stack, "data", position + 1),
  );
  // Those of editors that were taken away hold their data still.
  const volumes = new Set([...declared, ...dataVolumesOf(stack, docker)]);
  return {
    stack,
    memoryMebibytes: limits.reduce((sum, { memoryMebibytes }) => sum + memoryMebibytes, 0),
    cpus: limits.reduce((sum, { cpus }) => sum + cpus, 0),
    storageMebibytes: volumes.size * environment.resources.storage,
  };
}

/** Before an upgrade the new version runs beside the old one, one editor after the other. */
function rehearsalClaim({ environment, upgrades }: CapacityRequest): Claim[] {
  if (upgrades.length === 0) return [];
  return [{ stack: "the rehearsal", ...editorLimits(environment), storageMebibytes: 0 }];
}

function dataVolumesOf(stack: string, { volumes }: DockerFacts): string[] {
  return volumes
    .filter(({ labels }) => labels["doom.stack"] === stack && labels["doom.role"] === "data")
    .map(({ name }) => name);
}

async function otherClaims({ stack, docker, neighbours }: CapacityRequest): Promise<Claim[]> {
  const storageOf = (other: string) =>
    neighbours.find((neighbour) => neighbour.stack === other)?.storageMebibytes ?? 0;
  const theirs = docker.containers.filter(({ labels }) => {
    const owner = labels["doom.stack"];
    return owner !== undefined && owner !== stack;
  });
  const limits = await limitsOf(theirs.map(({ id }) => id));
  const owners = new Set([
    ...theirs.map(({ labels }) => labels["doom.stack"] as string),
    ...neighbours.map((neighbour) => neighbour.stack),
  ]);
  return [...owners].map((owner) => {
    const own = theirs
      .filter(({ labels }) => labels["doom.stack"] === owner)
      .flatMap(({ id }) => limits.get(id) ?? []);
    return {
      stack: owner,
      memoryMebibytes: own.reduce((sum, { Memory }) => sum + Memory / MEBIBYTE, 0),
      cpus: own.reduce((sum, { NanoCpus }) => sum + NanoCpus / 1e9, 0),
      storageMebibytes: dataVolumesOf(owner, docker).length * storageOf(owner),
    };
  });
}

interface HostLimits {
  readonly Memory: number;
  readonly NanoCpus: number;
}

/** The limits of containers by their ID; one that has gone meanwhile takes nothing. */
async function limitsOf(ids: readonly string[]): Promise<Map<string, HostLimits>> {
  const docker = await connectDocker();
  const entries = await Promise.all(
    ids.map(async (id): Promise<[string, HostLimits][]> => {
      try {
        const { HostConfig } = await docker.getContainer(id).inspect();
        const { Memory = 0, NanoCpus = 0 } = HostConfig;
        return [[id, { Memory, NanoCpus }]];
      } catch (error) {
        if ((error as { statusCode?: number }).statusCode === 404) return [];
        throw dockerFailure(error);
      }
    }),
  );
  return new Map(entries.flat());
}

/** The file system of Docker's folder, in bytes. Throws a {@link Failure} when it is not on this host. */
export function diskOf(folder: string): { readonly bytes: number; readonly free: number } {
  try {
    const { bavail, blocks, bsize } = statfsSync(folder);
    return { bytes: blocks * bsize, free: bavail * bsize };
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
    throw new Failure("preflight", `Docker's folder ${folder} is not on this host.`, {
      fix: `set DOCKER_HOST to the address of the Docker host instead of ${dockerAddress()}`,
    });
  }
}

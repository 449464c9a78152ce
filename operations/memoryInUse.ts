import type Docker from "dockerode";
import { type MemoryInUse, unreclaimable } from "../checks/capacity";
import { declaredContainers } from "../config/containers";
import { dockerName } from "../config/names";
import type { EnvironmentConfig } from "../config/schema";
import { connectDocker, type DockerFacts, dockerFailure } from "./dockerHost";

const MEBIBYTE = 1024 ** 2;

/**
 * What those running containers of the environment use whose memory limit the file lowers.
 *
 * Throws a Failure when Docker does not answer.
 */
export async function loweredMemory(
  stack: string,
  environment: EnvironmentConfig,
  { containers }: DockerFacts,
): Promise<MemoryInUse[]> {
  const docker = await connectDocker();
  const found = await Promise.all(
    declaredContainers(environment).map(async ({ role, index, limits }): Promise<MemoryInUse[]> => {
      const container = dockerName(stack, role, index);
      const wanted = limits.memoryMebibytes;
      if (!containers.some(({ name, state }) => name === container && state === "running"))
        return [];
      try {
        const target = docker.getContainer(container);
        const { HostConfig } = await target.inspect();
        if ((HostConfig.Memory ?? 0) <= wanted * MEBIBYTE) return [];
        return [{ container, wanted, used: usedMebibytes(await target.stats(ONCE)) }];
      } catch (error) {
        if ((error as { statusCode?: number }).statusCode === 404) return [];
        throw dockerFailure(error);
      }
    }),
  );
  return found.flat();
}

/** How to ask for the use of a container without waiting a second for the difference to a first look. */
export const ONCE = { stream: false, "one-shot": true } as const;

function usedMebibytes({ memory_stats: { usage, stats } }: Docker.ContainerStats): number {
  return unreclaimable(usage, stats as unknown as Readonly<Record<string, number>>) / MEBIBYTE;
}

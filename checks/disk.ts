/** Whether an environment fits on the disk of the Docker host. */

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

/**
 * Room for building both images: the base (0.2 GiB), the build stage of code-server with its
 * compilers and packages (2.2 GiB measured, on top of the base), the final image (below 1.1 GiB),
 * and the same again for the layers that the classic builder keeps while it commits a step.
 */
export const BUILD_BYTES = 6 * GIB;

/** Room for containers' own layers and logs; below this a Docker host fails in odd ways. */
export const RUN_BYTES = 512 * MIB;

/** What is needed, from what is there already. */
export interface DiskNeeds {
  /** Whether an image must be built first. */
  readonly builds: boolean;
  /** How many data volumes do not exist yet, and the room promised to each (MiB). */
  readonly newVolumes: number;
  readonly storageMebibytes: number;
}

/** Bytes that must be free before the environment is brought up. */
export function neededBytes({ builds, newVolumes, storageMebibytes }: DiskNeeds): number {
  return RUN_BYTES + (builds ? BUILD_BYTES : 0) + newVolumes * storageMebibytes * MIB;
}

/** `12.5 GiB`. */
export function formatBytes(bytes: number): string {
  return `${(bytes / GIB).toFixed(1)} GiB`;
}

/** What is wrong, with the fix; undefined when there is room. */
export function diskProblem(
  folder: string,
  freeBytes: number,
  needs: DiskNeeds,
): string | undefined {
  const needed = neededBytes(needs);
  if (freeBytes >= needed) return undefined;
  const parts = [
    ...(needs.builds ? [`${formatBytes(BUILD_BYTES)} to build the images`] : []),
    ...(needs.newVolumes > 0
      ? [
          `${formatBytes(needs.newVolumes * needs.storageMebibytes * MIB)} for ${needs.newVolumes} new ${needs.newVolumes === 1 ? "volume" : "volumes"} (resources.storage)`,
        ]
      : []),
    `${formatBytes(RUN_BYTES)} to run`,
  ];
  return `not enough disk in ${folder}: ${formatBytes(freeBytes)} free, ${formatBytes(needed)} needed (${parts.join(", ")}); free some (docker system df shows what Docker holds), or lower resources.storage`;
}

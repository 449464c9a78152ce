/** Whether limits hold: as the file asks for them, as the engine keeps them, as the kernel enforces them. */

/** The limits of one container; undefined where there is none. */
export interface HeldLimits {
  readonly cpus: number | undefined;
  readonly memoryMebibytes: number | undefined;
  /** Threads count. */
  readonly processes: number | undefined;
}

export interface LimitRow {
  readonly container: string;
  readonly limit: keyof HeldLimits;
  readonly wanted: number | undefined;
  readonly engine: number | undefined;
  readonly kernel: number | undefined;
  readonly holds: boolean;
}

/** The limits of one container side by side. */
export function compareLimits(
  container: string,
  limits: Readonly<Record<"wanted" | "engine" | "kernel", HeldLimits>>,
): LimitRow[] {
  return (["cpus", "memoryMebibytes", "processes"] as const).map((limit) => {
    const [wanted, engine, kernel] = [limits.wanted, limits.engine, limits.kernel].map(
      (held) => held[limit],
    );
    const holds = wanted !== undefined && wanted === engine && engine === kernel;
    return { container, limit, wanted, engine, kernel, holds };
  });
}

/** Prints what {@link parseControlGroup} reads, for control groups of version 1 and 2, seen from within a container. */
export const CONTROL_GROUP_SCRIPT = `cd /sys/fs/cgroup || exit
if [ -e cgroup.controllers ]; then cat memory.max cpu.max pids.max
else cat memory/memory.limit_in_bytes; echo $(cat cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us); cat pids/pids.max; fi`;

const MEBIBYTE = 1024 ** 2;
/** Version 1 says "none" by the largest whole number of pages. */
const UNLIMITED_BYTES = 2 ** 62;

/** Reads the limits from three lines: bytes, quota and period of CPU time, processes. Throws on anything else. */
export function parseControlGroup(text: string): HeldLimits {
  const match = /^(\d+|max)\n(-?\d+|max) (\d+)\n(\d+|max)\n$/.exec(text);
  if (!match) throw new Error(`no control group: ${JSON.stringify(text)}`);
  const [, memory, quota, period, processes] = match as unknown as [string, ...string[]];
  const bytes = Number(memory);
  return {
    cpus: Number(quota) > 0 ? Number(quota) / Number(period) : undefined,
    memoryMebibytes: bytes < UNLIMITED_BYTES ? bytes / MEBIBYTE : undefined,
    processes: processes === "max" ? undefined : Number(processes),
  };
}

/** What a container may use and what it does use, from what Docker's engine says. */

/** Docker's `GET /containers/ID/stats`, as far as it is read here. */
export interface EngineStats {
  readonly cpu_stats: CpuSample;
  readonly precpu_stats: CpuSample;
  readonly memory_stats: {
    readonly usage?: number;
    readonly stats?: { readonly total_inactive_file?: number; readonly inactive_file?: number };
  };
}

interface CpuSample {
  readonly cpu_usage: { readonly total_usage: number };
  readonly system_cpu_usage?: number;
  readonly online_cpus?: number;
}

export interface Use {
  /** CPUs in the last second, 1 being a whole one; undefined for a container that has just started. */
  readonly cpus?: number;
  /** Without page cache that would be given up first, as `docker stats` counts it. */
  readonly memoryBytes?: number;
}

/** The use of a container between the two samples that the engine took. */
export function useOf({
  cpu_stats: now,
  precpu_stats: before,
  memory_stats: memory,
}: EngineStats): Use {
  const spent = now.cpu_usage.total_usage - before.cpu_usage.total_usage;
  const passed = (now.system_cpu_usage ?? 0) - (before.system_cpu_usage ?? 0);
  const known = before.system_cpu_usage !== undefined && passed > 0;
  // Control groups of version 1 and of version 2 name it differently.
  const cache = memory.stats?.total_inactive_file ?? memory.stats?.inactive_file ?? 0;
  return {
    ...(known ? { cpus: (spent / passed) * (now.online_cpus ?? 1) } : {}),
    ...(memory.usage === undefined ? {} : { memoryBytes: Math.max(0, memory.usage - cache) }),
  };
}

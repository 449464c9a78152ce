import { readFileSync } from "node:fs";

/** What the kernel itself enforces on a container's first process; cgroup v1 and v2. */

/** The memory limit in bytes. */
export function kernelMemoryLimit(pid: number): number {
  return Number(read(pid, "memory", "memory.limit_in_bytes", "memory.max"));
}

/** The most memory that was ever in use, in bytes; page cache counts. */
export function peakMemory(pid: number): number {
  return Number(read(pid, "memory", "memory.max_usage_in_bytes", "memory.peak"));
}

/** How many processes the kernel ended because the limit was reached. */
export function memoryKills(pid: number): number {
  const text = read(pid, "memory", "memory.oom_control", "memory.events");
  const count = /^oom_kill (\d+)$/m.exec(text)?.[1];
  if (count === undefined) throw new Error(`no oom_kill in ${text}`);
  return Number(count);
}

/** The share of CPUs: the CFS quota over its period. */
export function kernelCpuLimit(pid: number): number {
  const text = read(pid, "cpu", "cpu.cfs_quota_us", "cpu.max");
  const [quota, period] = text.split(" ");
  return Number(quota) / Number(period ?? read(pid, "cpu", "cpu.cfs_period_us", "cpu.max"));
}

function read(pid: number, controller: string, inVersion1: string, inVersion2: string): string {
  const groups = readFileSync(`/proc/${pid}/cgroup`, "utf8").trim().split("\n");
  for (const line of groups) {
    const [, controllers = "", group] = line.split(":");
    if (controllers.split(",").includes(controller))
      return readFileSync(`/sys/fs/cgroup/${controller}${group}/${inVersion1}`, "utf8").trim();
  }
  const unified = groups.find((line) => line.startsWith("0::"));
  if (!unified) throw new Error(`process ${pid} is in no group of ${controller}: ${groups}`);
  return readFileSync(`/sys/fs/cgroup${unified.slice(3)}/${inVersion2}`, "utf8").trim();
}

import { type ContainerInputs, type Finding, known } from "./facts";

/** Memory has a bound, and so has swap: left out, a container may swap as much again as its limit. */
export function memoryLimit(container: ContainerInputs): readonly Finding[] {
  const memory = known(container.memory, "memory", (mebibytes) =>
    mebibytes !== undefined && mebibytes > 0
      ? []
      : [
          {
            at: "memory",
            problem: "has no limit: one environment takes all of the host",
            fix: "set it, in MiB",
          },
        ],
  );
  const swap = known(container.memorySwap, "memorySwap", (mebibytes) => {
    const fix = "set it to the same as memory, so that there is no swap";
    if (mebibytes === undefined || mebibytes === 0)
      return [{ at: "memorySwap", problem: "is not set, which means as much swap again", fix }];
    if (mebibytes < 0) return [{ at: "memorySwap", problem: "allows swap without end", fix }];
    return [];
  });
  return [...memory, ...swap];
}

/** CPU time has a bound. `cpuShares` is none: it only divides what is short. */
export function cpuLimit(container: ContainerInputs): readonly Finding[] {
  return known(container.cpus, "cpus", (cpus) => {
    if (cpus !== undefined && Number(cpus) > 0) return [];
    return known(container.cpuQuota, "cpuQuota", (quota) =>
      quota !== undefined && quota > 0
        ? []
        : [
            {
              at: "cpus",
              problem: "has no limit: one environment takes all of the host",
              fix: 'set it, such as "0.5"',
            },
          ],
    );
  });
}

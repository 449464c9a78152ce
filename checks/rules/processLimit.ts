import { type ContainerOfStack, type Finding, known, UNKNOWN } from "./facts";
import { show } from "./secretShapes";

/**
 * The names of an environment's control group, where the number of its processes can be limited.
 *
 * systemd reads `-` in the name of a slice as a level of its tree, so there it is escaped: without it
 * `doom-a-b.slice` would lie within the environment `a`.
 */
export function controlGroups(stack: string): { cgroupfs: string; systemd: string } {
  return {
    cgroupfs: `/doom-${stack}`,
    systemd: `doom-${stack.replaceAll("-", "\\x2d")}.slice`,
  };
}

/**
 * The number of processes of a container has a bound: a fork bomb must not stop the host.
 *
 * The provider has no input for it, and `ulimits` counts a user over all containers (moby#12695). So
 * either a `ContainerLimits` sets the container's own limit once it is there, or the container lies in
 * the control group of its environment.
 */
export function processLimit(
  containers: readonly ContainerOfStack[],
  stack: string,
): readonly Finding[] {
  const { cgroupfs, systemd } = controlGroups(stack);
  return containers.flatMap(({ name, inputs, processLimits }) => {
    if (processLimits.some((limit) => typeof limit === "string" && /^[1-9]\d*$/.test(limit)))
      return [];
    if (processLimits.includes(UNKNOWN)) return [{ undecided: `${name}: process limit` }];
    return known(inputs.cgroupParent, `${name}: cgroupParent`, (parent) =>
      parent === cgroupfs || parent === systemd
        ? []
        : [
            {
              at: `${name}:`,
              problem: parent
                ? `cgroupParent is ${show(parent)}, which is not the control group of the environment ${stack}`
                : "nothing limits the number of its processes",
              fix: `add it to ContainerLimits, or set cgroupParent to ${cgroupfs} (${systemd} where systemd drives the engine's control groups)`,
            },
          ],
    );
  });
}

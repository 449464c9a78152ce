import { type ContainerInputs, type Finding, known } from "./facts";
import { show } from "./secretShapes";

/** The kernel settings that Pod Security's baseline calls safe: they stay within the container. */
const SAFE_SYSCTLS = new Set([
  "kernel.shm_rmid_forced",
  "net.ipv4.ip_local_port_range",
  "net.ipv4.ip_local_reserved_ports",
  "net.ipv4.ip_unprivileged_port_start",
  "net.ipv4.ping_group_range",
  "net.ipv4.tcp_fin_timeout",
  "net.ipv4.tcp_keepalive_intvl",
  "net.ipv4.tcp_keepalive_probes",
  "net.ipv4.tcp_keepalive_time",
  "net.ipv4.tcp_syncookies",
]);

/** No device of the host, by whatever field it comes, and no kernel setting that reaches further. */
export function noDevices(container: ContainerInputs): readonly Finding[] {
  const lists = (["devices", "deviceRequests", "deviceCgroupRules"] as const).flatMap((at) =>
    known<readonly unknown[] | undefined | symbol>(container[at], at, (list) =>
      Array.isArray(list) && list.length > 0
        ? [{ at, problem: "gives the container a device of the host", fix: "remove it" }]
        : [],
    ),
  );
  const gpus = known(container.gpus, "gpus", (value) =>
    value
      ? [
          {
            at: "gpus",
            problem: "gives the container the host's graphics devices",
            fix: "remove it",
          },
        ]
      : [],
  );
  const sysctls = known(container.sysctls, "sysctls", (settings) =>
    Object.keys(settings ?? {})
      .filter((name) => !SAFE_SYSCTLS.has(name))
      .map((name) => ({
        at: `sysctls[${show(name)}]`,
        problem: "is a kernel setting that can reach beyond the container",
        fix: "remove it",
      })),
  );
  return [...lists, ...gpus, ...sysctls];
}

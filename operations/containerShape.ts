import type Docker from "dockerode";
import type { ContainerShape } from "./upgradeJournal";

/**
 * What a rehearsal takes over from the running container: user, variables, health check, rights, bounds.
 *
 * What its image brought along is left out: the new image has its own.
 */
export function shapeOf(
  { Config, HostConfig }: Docker.ContainerInspectInfo,
  imageVariables: readonly string[],
): ContainerShape {
  const theirs = new Set(imageVariables);
  const {
    CapAdd,
    CapDrop,
    SecurityOpt,
    ReadonlyRootfs,
    Tmpfs,
    IpcMode,
    CgroupnsMode,
    PidsLimit,
    LogConfig,
    Privileged,
  } = HostConfig as Docker.HostConfig & { CgroupnsMode?: string };
  return {
    Env: Config.Env.filter((line) => !theirs.has(line)),
    Hostname: Config.Hostname,
    ...(Config.Healthcheck === undefined ? {} : { Healthcheck: Config.Healthcheck }),
    HostConfig: {
      ...(CapAdd ? { CapAdd } : {}),
      ...(CapDrop ? { CapDrop } : {}),
      ...(SecurityOpt ? { SecurityOpt } : {}),
      ...(ReadonlyRootfs ? { ReadonlyRootfs } : {}),
      ...(Tmpfs ? { Tmpfs } : {}),
      ...(IpcMode ? { IpcMode } : {}),
      ...(CgroupnsMode ? { CgroupnsMode } : {}),
      ...(PidsLimit ? { PidsLimit } : {}),
      LogConfig,
      Privileged: Privileged ?? false,
    } as Docker.HostConfig,
  };
}

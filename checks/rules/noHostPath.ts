import {
  type ContainerInputs,
  type Context,
  each,
  type Finding,
  known,
  type VolumeInputs,
} from "./facts";
import { plainPath } from "./hostPaths";
import { show } from "./secretShapes";

/**
 * The one folder of the host that may be mounted: this environment's secret files, in memory
 * (operations/secretLocation.ts): `/run`, a user's `/run/user/N` or `/dev/shm`, then the boot's id.
 */
function isOwnSecret(source: string, stack: string): boolean {
  const match = /^(\/run|\/run\/user\/\d+|\/dev\/shm)\/doom-coding\/[^/]+\/([^/]+)\/[^/]+$/.exec(
    source,
  );
  return match?.[2] === stack && plainPath(source) === source;
}

/** No path of the host in a container, but a file of its own environment's secret folder, read-only. */
export function noHostPath(container: ContainerInputs, { stack }: Context): readonly Finding[] {
  const volumes = each(container.volumes, "volumes", ({ hostPath }, at) =>
    known(hostPath, `${at}.hostPath`, (source) =>
      source === undefined || source === ""
        ? []
        : [
            {
              at: `${at}.hostPath`,
              problem: `mounts ${show(source)} of the host, and makes a folder where it is missing`,
              fix: "use a volume, or mounts with type bind for a secret file",
            },
          ],
    ),
  );
  const mounts = each(container.mounts, "mounts", (mount, at) =>
    known(mount.type, `${at}.type`, (type) => [
      ...(type === "bind" ? bindProblems(mount, at, stack) : []),
      ...driverProblems(mount.volumeOptions, at),
    ]),
  );
  return [...volumes, ...mounts];
}

type Mount = Exclude<Exclude<ContainerInputs["mounts"], undefined | symbol>[number], symbol>;

function bindProblems(mount: Mount, at: string, stack: string): readonly Finding[] {
  const source = known(mount.source, `${at}.source`, (text) =>
    text !== undefined && isOwnSecret(text, stack)
      ? []
      : [
          {
            at: `${at}.source`,
            problem: `mounts ${text ? show(text) : "a path"} of the host, which is no secret file of the environment ${stack}`,
            fix: "use a volume",
          },
        ],
  );
  const readOnly = known(mount.readOnly, `${at}.readOnly`, (value) =>
    value === true
      ? []
      : [
          {
            at: `${at}.readOnly`,
            problem: "is not true, so the container may change the host's file",
            fix: "set it to true",
          },
        ],
  );
  return [...source, ...readOnly];
}

/** Options of the local driver make a mount of anything out of a volume: `type=none,o=bind,device=/`. */
function driverProblems(options: Mount["volumeOptions"], at: string): readonly Finding[] {
  return known(options, `${at}.volumeOptions`, (given) => [
    ...driver(given?.driverName, `${at}.volumeOptions.driverName`),
    ...driverOptions(given?.driverOptions, `${at}.volumeOptions.driverOptions`),
  ]);
}

/** A volume is what the local driver makes when it is told nothing but a size. */
export function noHostPathVolume(volume: VolumeInputs): readonly Finding[] {
  return [...driver(volume.driver, "driver"), ...driverOptions(volume.driverOpts, "driverOpts")];
}

function driver(name: VolumeInputs["driver"], at: string): readonly Finding[] {
  return known(name, at, (text) =>
    text === undefined || text === "" || text === "local"
      ? []
      : [
          {
            at,
            problem: `is ${show(text)}, a plug-in that decides itself what it mounts`,
            fix: "use local",
          },
        ],
  );
}

function driverOptions(options: VolumeInputs["driverOpts"], at: string): readonly Finding[] {
  return known(options, at, (map) =>
    Object.keys(map ?? {})
      .filter((key) => key !== "size")
      .map((key) => ({
        at: `${at}.${key}`,
        problem: "can make the volume a mount of a path of the host or of another machine",
        fix: "remove it; only size is allowed",
      })),
  );
}

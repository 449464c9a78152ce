import { readFileSync, statSync } from "node:fs";
import type Docker from "dockerode";
import type { Station } from "../checks/reachabilityCells";
import { secretFingerprint } from "../checks/secretFingerprint";
import type { HostThings, SharingContainer } from "../checks/sharedThings";
import { dockerFailure, isDockerLocal } from "./dockerHost";
import { errorCode } from "./failure";

/** What Docker says about who is on which network, and who has what. */

/** What is known of a station before anything runs in its network. */
export type ContainerStation = Pick<
  Station,
  "name" | "stack" | "names" | "networks" | "published"
> & {
  readonly id: string;
  /** Whether it has the host's network and none of its own. */
  readonly isHost: boolean;
};

export interface IsolationFacts {
  readonly engineVersion: string;
  /** The running containers of the environments, and all others on their networks. */
  readonly stations: readonly ContainerStation[];
  /** The host's addresses on custom networks of others, which come and go while a proof runs. */
  readonly foreignGateways: readonly string[];
  readonly things: HostThings;
}

const STACK = "doom.stack";

/** Looks at all running containers. Throws a Failure when Docker does not answer. */
export async function isolationFacts(
  docker: Docker,
  stacks: readonly string[],
): Promise<IsolationFacts> {
  try {
    const [version, listed, networks, { Volumes: volumes }] = await Promise.all([
      docker.version(),
      docker.listContainers(),
      docker.listNetworks(),
      docker.listVolumes(),
    ]);
    const ownNetworks = new Set(
      networks
        .filter(({ Labels }) => stacks.includes(Labels?.[STACK] ?? ""))
        .map(({ Name }) => Name),
    );
    const others = listed.filter(({ Labels }) => Labels["doom.role"] !== "tools");
    const found = await Promise.all(others.map(({ Id }) => inspect(docker, Id)));
    const containers = found.filter((info) => info !== undefined);
    const gateways = new Map(
      networks.map(({ Name, IPAM }) => [Name, IPAM?.Config?.[0]?.Gateway ?? ""]),
    );
    return {
      engineVersion: version.Version,
      foreignGateways: networks
        .filter(({ Name }) => Name !== "bridge" && !ownNetworks.has(Name))
        .map(({ Name }) => gateways.get(Name) ?? ""),
      stations: containers
        .filter(
          (info) =>
            stacks.includes(stackOf(info) ?? "") ||
            networksOf(info).some((network) => ownNetworks.has(network)),
        )
        .map((info) => toStation(info, gateways))
        .filter(({ isHost, networks: own }) => isHost || Object.keys(own).length > 0)
        .sort((a, b) => a.name.localeCompare(b.name)),
      things: {
        containers: containers.map(toSharing),
        networks: networks.map(({ Name, Labels }) => owned(Name, Labels)),
        volumes: volumes.map(({ Name, Labels }) => owned(Name, Labels)),
      },
    };
  } catch (error) {
    throw dockerFailure(error);
  }
}

/** Undefined for one that has gone since it was listed. */
async function inspect(
  docker: Docker,
  id: string,
): Promise<Docker.ContainerInspectInfo | undefined> {
  try {
    return await docker.getContainer(id).inspect();
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}

function stackOf({ Config }: Docker.ContainerInspectInfo): string | undefined {
  return Config.Labels?.[STACK];
}

function networksOf({ NetworkSettings }: Docker.ContainerInspectInfo): string[] {
  return Object.keys(NetworkSettings.Networks);
}

function owned(name: string, labels: Record<string, string> | null | undefined) {
  const stack = labels?.[STACK];
  return { name, ...(stack === undefined ? {} : { stack }) };
}

function toStation(
  info: Docker.ContainerInspectInfo,
  gateways: ReadonlyMap<string, string>,
): ContainerStation {
  const name = info.Name.slice(1);
  const stack = stackOf(info);
  const attached = Object.entries(info.NetworkSettings.Networks).filter(
    ([, { IPAddress }]) => IPAddress !== "",
  );
  const aliases = attached.flatMap(([, { Aliases }]) => (Aliases as string[] | null) ?? []);
  return {
    id: info.Id,
    name,
    ...(stack === undefined ? {} : { stack }),
    names: [...new Set([name, ...aliases])],
    networks: Object.fromEntries(
      attached.map(([network, { IPAddress }]) => [
        network,
        { address: IPAddress, gateway: gateways.get(network) ?? "" },
      ]),
    ),
    published: Object.entries(info.NetworkSettings.Ports ?? {}).flatMap(([inner, bindings]) =>
      (bindings ?? []).map(({ HostIp, HostPort }) => ({
        address: HostIp,
        port: Number(HostPort),
        protocol: inner.split("/")[1] ?? "tcp",
      })),
    ),
    isHost: info.HostConfig.NetworkMode === "host",
  };
}

function toSharing(info: Docker.ContainerInspectInfo): SharingContainer {
  const { HostConfig, Mounts } = info;
  const stack = stackOf(info);
  return {
    id: info.Id,
    name: info.Name.slice(1),
    ...(stack === undefined ? {} : { stack }),
    networkMode: HostConfig.NetworkMode ?? "",
    pidMode: HostConfig.PidMode ?? "",
    ipcMode: HostConfig.IpcMode ?? "",
    // Docker's own default network and the host's are nobody's.
    networks: networksOf(info).filter((name) => !["bridge", "host", "none"].includes(name)),
    volumes: Mounts.filter(({ Type }) => Type === "volume").map(({ Name }) => Name ?? ""),
    binds: Mounts.filter(({ Type }) => Type === "bind").map(({ Source }) => {
      const fingerprint = fingerprintOf(Source);
      return { source: Source, ...(fingerprint === undefined ? {} : { fingerprint }) };
    }),
  };
}

/** A secret is a few kilobytes. */
const SECRET_BYTES = 64 * 1024;

/**
 * What a mounted secret file holds, as a fingerprint; where it cannot be read, the one in its name.
 *
 * Undefined for what is no secret file of this project.
 */
function fingerprintOf(source: string): string | undefined {
  if (!source.includes("/doom-coding/")) return undefined;
  const named = /-([0-9a-f]{12})$/.exec(source)?.[1];
  if (!isDockerLocal()) return named;
  try {
    const { size } = statSync(source);
    return size <= SECRET_BYTES ? secretFingerprint(readFileSync(source, "utf8")) : named;
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return named;
  }
}

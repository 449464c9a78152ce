// First: it decides what the client loads.
import "../leanModules";
import { Agent } from "node:http";
import type Docker from "dockerode";
import type { DockerThing } from "../checks/leftovers";
import type { PublishedPort } from "../checks/ports";
import type { DockerNetworkFacts } from "../checks/subnets";
import { errorCode, errorText, Failure } from "./failure";

/** What the Docker host says about itself; a few requests on its socket, side by side. */

/** A container, as far as this project looks at it. */
export interface ContainerFacts {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `created`, `running`, `exited`, … */
  readonly state: string;
  /** `Up 2 minutes (healthy)`. */
  readonly status: string;
  readonly createdAt: number;
}

export interface VolumeFacts {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface DockerFacts {
  readonly apiVersion: string;
  readonly engineVersion: string;
  /** The folder with images and volumes, on the Docker host. */
  readonly rootFolder: string;
  readonly cpus: number;
  readonly memoryMebibytes: number;
  readonly containers: readonly ContainerFacts[];
  readonly networks: readonly (DockerNetworkFacts & { readonly id: string })[];
  readonly volumes: readonly VolumeFacts[];
  readonly published: readonly PublishedPort[];
  /** Names of the images that are there: tags and digests, `doom-coding/gateway:1-…`. */
  readonly images: readonly string[];
}

/** A daemon that is stopped or hangs accepts connections and never answers. */
const ANSWER_TIMEOUT_MS = 15_000;

const SOCKET = "/var/run/docker.sock";

/** The address that clients use, as Docker's own and the provider choose it. */
export function dockerAddress(environment: NodeJS.ProcessEnv = process.env): string {
  return environment.DOCKER_HOST || `unix://${SOCKET}`;
}

/** Whether the Docker host is this machine, so that its ports and disks can be looked at. */
export function isDockerLocal(environment: NodeJS.ProcessEnv = process.env): boolean {
  return dockerAddress(environment).startsWith("unix://");
}

/**
 * A client for the Docker host; DOCKER_HOST and its companions count.
 *
 * It gives up a request on which nothing arrives for `timeout` milliseconds; 0 waits for ever. With `version`
 * (`1.41`) it speaks that one, and else whichever the engine has.
 */
export async function connectDocker(
  timeout = ANSWER_TIMEOUT_MS,
  version?: string,
): Promise<Docker> {
  // Loading that `doom --help` and many errors never need.
  const { default: Client } = await import("dockerode");
  const address = dockerAddress();
  // A connection for each request: an engine that is being stopped takes no new ones, but obeys on those it has,
  // and a container that it starts in its last moment is one that the next engine cannot start any more.
  const place = address.startsWith("unix://")
    ? { socketPath: address.slice(7), agent: new Agent({ keepAlive: false }) }
    : {};
  const spoken = version === undefined ? {} : { version: `v${version}` };
  return new Client({ ...place, ...spoken, timeout });
}

/** Collects what the checks need. Throws a {@link Failure} when Docker does not answer. */
export async function dockerFacts(): Promise<DockerFacts> {
  try {
    const docker = await connectDocker();
    const [version, info, containers, networks, volumes, images] = await Promise.all([
      docker.version(),
      docker.info() as Promise<{ DockerRootDir: string; NCPU: number; MemTotal: number }>,
      docker.listContainers({ all: true }),
      docker.listNetworks(),
      docker.listVolumes(),
      docker.listImages(),
    ]);
    return {
      apiVersion: version.ApiVersion,
      engineVersion: version.Version,
      rootFolder: info.DockerRootDir,
      cpus: info.NCPU,
      memoryMebibytes: Math.floor(info.MemTotal / 1024 ** 2),
      containers: containers.map(toContainer),
      published: containers.flatMap(toPublished),
      networks: networks.map(toNetwork),
      volumes: volumes.Volumes.map(({ Name, Labels }) => ({ name: Name, labels: Labels ?? {} })),
      images: images.flatMap(({ RepoTags, RepoDigests }) => [
        ...(RepoTags ?? []),
        ...(RepoDigests ?? []),
      ]),
    };
  } catch (error) {
    throw dockerFailure(error);
  }
}

/** The containers and networks with the label of `stack`, for comparison with its state. */
export async function thingsOfStack(stack: string): Promise<DockerThing[]> {
  try {
    const docker = await connectDocker();
    const filters = { label: [`doom.stack=${stack}`] };
    const [containers, networks] = await Promise.all([
      docker.listContainers({ all: true, filters }),
      docker.listNetworks({ filters }),
    ]);
    return [
      ...containers.map(toContainer).map((container) => ({
        ...container,
        kind: "container" as const,
      })),
      ...networks.map((network) => ({
        ...toNetwork(network),
        kind: "network" as const,
        createdAt: Date.parse(network.Created),
      })),
    ];
  } catch (error) {
    throw dockerFailure(error);
  }
}

/** Removes one container (running or not) or network; one that is gone already is fine. */
export async function removeThing({ kind, id }: DockerThing): Promise<void> {
  const docker = await connectDocker();
  try {
    await (kind === "container"
      ? docker.getContainer(id).remove({ force: true })
      : docker.getNetwork(id).remove());
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode !== 404) throw dockerFailure(error);
  }
}

function toContainer(container: Docker.ContainerInfo): ContainerFacts {
  return {
    id: container.Id,
    name: (container.Names[0] ?? "").replace(/^\//, ""),
    labels: container.Labels,
    state: container.State,
    status: container.Status,
    // Whole seconds: rounded down, so a container is never older than it looks.
    createdAt: container.Created * 1000,
  };
}

function toPublished(container: Docker.ContainerInfo): PublishedPort[] {
  return container.Ports.filter((port) => port.PublicPort && port.Type === "tcp").map((port) => ({
    container: (container.Names[0] ?? "").replace(/^\//, ""),
    labels: container.Labels,
    address: port.IP ?? "",
    port: port.PublicPort,
  }));
}

function toNetwork(network: Docker.NetworkInspectInfo) {
  return {
    id: network.Id,
    name: network.Name,
    labels: network.Labels ?? {},
    subnets: (network.IPAM?.Config ?? []).flatMap(({ Subnet }) => Subnet ?? []),
  };
}

/** Whether an error is an answer of the engine, or comes from the connection to it. */
export function isDockerError(error: unknown): boolean {
  const { statusCode, syscall, code } = error as {
    statusCode?: number;
    syscall?: string;
    code?: string;
  };
  return statusCode !== undefined || syscall === "connect" || code === "ECONNRESET";
}

/** Whether an error says that Docker cannot be reached, or no longer; its own answers are something else. */
export function isDockerLost(error: unknown): boolean {
  const { statusCode } = error as { statusCode?: number };
  const code = errorCode(error) ?? "";
  const silent = code === "ETIMEDOUT" || code === "ESOCKETTIMEDOUT";
  return statusCode === undefined && (silent || isDockerError(error));
}

/** Does `work`; a Docker that is lost in it is told in words. */
export async function namingLostDocker<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isDockerLost(error) ? dockerFailure(error) : error;
  }
}

/** Says in words why Docker did not answer, with the fix. */
export function dockerFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const address = dockerAddress();
  switch (errorCode(error)) {
    case "ENOENT":
    case "ECONNREFUSED":
      return new Failure("preflight", `Docker is not running: nothing answers on ${address}.`, {
        fix: "start it (sudo systemctl start docker), or let `npm run doctor` say what is missing",
      });
    case "EACCES":
    case "EPERM":
      return new Failure("preflight", `You may not use Docker: ${address} refuses you.`, {
        fix: "sudo usermod -aG docker $USER, then log in again",
      });
    case "ETIMEDOUT":
    case "ESOCKETTIMEDOUT":
    case "ECONNRESET":
      return new Failure(
        "preflight",
        `Docker on ${address} does not answer within ${ANSWER_TIMEOUT_MS / 1000} s, or broke off.`,
        { fix: "look at its log (sudo journalctl -u docker) and restart it" },
      );
    default:
      return new Failure("preflight", `Docker on ${address}: ${errorText(error)}.`, {
        fix: "see whether `docker info` works",
      });
  }
}

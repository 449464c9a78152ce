import type Docker from "dockerode";
import { type EngineStats, type Use, useOf } from "../checks/containerUse";
import { routedEditor } from "../checks/haproxyStats";
import { BALANCER } from "../config/gateway";
import { dockerName } from "../config/names";
import { connectDocker, dockerFailure, isDockerError } from "./dockerHost";
import { errorText } from "./failure";
import { proxyStats } from "./haproxyRuntime";

/** What a running container of an environment may use and does use. */
export interface ContainerUse extends Use {
  readonly name: string;
  readonly role: string;
  /** The limits; 0 is none. */
  readonly cpuLimit: number;
  readonly memoryLimitBytes: number;
}

/** How the gateway sees one editor, by the name of its container. */
export interface EditorTraffic {
  readonly sessions: number;
  readonly takesVisitors: boolean;
}

export interface EnvironmentUse {
  readonly containers: readonly ContainerUse[];
  readonly traffic: Readonly<Record<string, EditorTraffic>>;
  /** Why the traffic is not known. */
  readonly trafficProblem?: string;
}

/**
 * Limits and use of each running container of the stack, and the sessions of its editors.
 *
 * Takes about two seconds, in which the engine measures. Throws a Failure when Docker does not answer.
 */
export async function environmentUse(stack: string): Promise<EnvironmentUse> {
  try {
    const docker = await connectDocker();
    const filters = { label: [`doom.stack=${stack}`], status: ["running"] };
    const found = await docker.listContainers({ filters });
    const [containers, traffic] = await Promise.all([
      Promise.all(found.map((container) => useOfContainer(docker, container))),
      editorTraffic(docker.getContainer(dockerName(stack, "gateway")), stack, found),
    ]);
    const there = containers.filter((container) => container !== undefined);
    return { containers: there.sort((a, b) => a.name.localeCompare(b.name)), ...traffic };
  } catch (error) {
    throw isDockerError(error) ? dockerFailure(error) : error;
  }
}

/** Undefined for one that has gone meanwhile. */
async function useOfContainer(
  docker: Docker,
  { Id, Labels, Names }: Docker.ContainerInfo,
): Promise<ContainerUse | undefined> {
  try {
    const container = docker.getContainer(Id);
    const [{ HostConfig }, stats] = await Promise.all([
      container.inspect(),
      container.stats({ stream: false }),
    ]);
    return {
      name: (Names[0] ?? "").replace(/^\//, ""),
      role: Labels["doom.role"] ?? "",
      cpuLimit: (HostConfig.NanoCpus ?? 0) / 1e9,
      memoryLimitBytes: HostConfig.Memory ?? 0,
      ...useOf(stats as EngineStats),
    };
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}

/** The gateway may be starting or on its way out: then what is known without it is shown all the same. */
async function editorTraffic(
  gateway: Docker.Container,
  stack: string,
  containers: readonly Docker.ContainerInfo[],
): Promise<Pick<EnvironmentUse, "traffic" | "trafficProblem">> {
  try {
    const lines = await proxyStats(gateway);
    const editors = containers.flatMap(({ Labels }) => {
      const index = Number(Labels["doom.instance"]);
      const routed =
        Labels["doom.role"] === "code-server"
          ? routedEditor(lines, `code-server-${index}`, BALANCER)
          : undefined;
      return routed ? [[dockerName(stack, "code-server", index), routed] as const] : [];
    });
    return { traffic: Object.fromEntries(editors) };
  } catch (error) {
    return { traffic: {}, trafficProblem: `the gateway does not say: ${errorText(error)}` };
  }
}

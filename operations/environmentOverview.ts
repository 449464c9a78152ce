import type Docker from "dockerode";
import { editorsOf } from "../checks/access";
import { type EngineStats, useOf } from "../checks/containerUse";
import { labelledVersion } from "../checks/upgradeImage";
import { declaredContainers } from "../config/containers";
import { ConfigError } from "../config/errors";
import { type EnvironmentConfig, parseEnvironment } from "../config/schema";
import { connectDocker, dockerFailure, isDockerError } from "./dockerHost";
import { type EnvironmentStatus, environmentStatus } from "./environmentStatus";
import { ONCE } from "./memoryInUse";
import { type Project, readStackFile } from "./project";

/** One row of the table over all environments: how it is doing, and what its file declares. */
export interface EnvironmentOverview extends EnvironmentStatus {
  /** `all`: that are there; of an environment that is down, that its file declares. Undefined when that is not valid. */
  readonly editors: { readonly healthy: number; readonly all?: number };
  /** Of code-server, as the editors' images say; of an environment that is down, as its file says. */
  readonly version?: string;
  readonly tier?: string;
  /** In use by what runs, without page cache; and what all of its containers may use. */
  readonly memory: { readonly usedMebibytes: number; readonly limitMebibytes?: number };
}

const MEBIBYTE = 1024 ** 2;

/** Looks at one stack. Throws a Failure for a damaged file or state, or without Docker. */
export async function environmentOverview(
  project: Project,
  stack: string,
): Promise<EnvironmentOverview> {
  const status = await environmentStatus(project, stack);
  const declared = declaredEnvironment(project, stack);
  const running = await runningContainers(stack);
  const there = editorsOf(stack, status.containers);
  const all = status.containers.length > 0 ? there.length : declared?.instances;
  const versions = running
    .filter(({ labels }) => labels["doom.role"] === "code-server")
    .flatMap(({ labels }) => labelledVersion(labels) ?? []);
  const version = [...new Set(versions)].sort().join(", ") || declaredVersion(declared);
  return {
    ...status,
    editors: {
      healthy: there.filter(({ healthy }) => healthy).length,
      ...(all === undefined ? {} : { all }),
    },
    ...(version === undefined ? {} : { version }),
    ...(declared === undefined ? {} : { tier: declared.access.tier }),
    memory: {
      usedMebibytes: Math.round(
        running.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0) / MEBIBYTE,
      ),
      ...(declared === undefined ? {} : { limitMebibytes: memoryLimit(declared) }),
    },
  };
}

/** Undefined when the file is not valid, which `doom preview` explains; the environment may run all the same. */
function declaredEnvironment(project: Project, stack: string): EnvironmentConfig | undefined {
  try {
    return parseEnvironment(readStackFile(project, stack).environment);
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

function declaredVersion(declared: EnvironmentConfig | undefined): string | undefined {
  return declared && "version" in declared.image ? declared.image.version : undefined;
}

function memoryLimit(declared: EnvironmentConfig): number {
  return declaredContainers(declared).reduce((sum, { limits }) => sum + limits.memoryMebibytes, 0);
}

interface RunningContainer {
  readonly labels: Readonly<Record<string, string>>;
  readonly memoryBytes: number;
}

async function runningContainers(stack: string): Promise<RunningContainer[]> {
  try {
    const docker = await connectDocker();
    const filters = { label: [`doom.stack=${stack}`], status: ["running"] };
    const found = await docker.listContainers({ filters });
    const own = found.filter(({ Labels }) => Labels["doom.role"] !== "tools");
    const looked = await Promise.all(own.map((container) => look(docker, container)));
    return looked.flat();
  } catch (error) {
    throw isDockerError(error) ? dockerFailure(error) : error;
  }
}

/** Nothing for one that has gone meanwhile. */
async function look(docker: Docker, { Id, Labels }: Docker.ContainerInfo) {
  try {
    const stats = (await docker.getContainer(Id).stats(ONCE)) as EngineStats;
    return [{ labels: Labels, memoryBytes: useOf(stats).memoryBytes ?? 0 }];
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return [];
    throw error;
  }
}

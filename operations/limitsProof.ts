import type Docker from "dockerode";
import {
  CONTROL_GROUP_SCRIPT,
  compareLimits,
  type HeldLimits,
  type LimitRow,
  parseControlGroup,
} from "../checks/limitsProof";
import { declaredContainers, PROCESSES } from "../config/containers";
import { dockerName } from "../config/names";
import type { EnvironmentConfig } from "../config/schema";
import { runInContainer } from "./containerExec";
import { connectDocker, dockerFailure } from "./dockerHost";
import { Failure } from "./failure";

const MEBIBYTE = 1024 ** 2;
const SECONDS = 10;

/**
 * The limits of every container of a running environment, as its file asks for them, as the engine keeps them and
 * as the kernel enforces them.
 *
 * Throws a {@link Failure} when a container does not run, or Docker does not answer.
 */
export async function proveLimits(
  stack: string,
  environment: EnvironmentConfig,
): Promise<LimitRow[]> {
  const docker = await connectDocker();
  const rows = await Promise.all(
    declaredContainers(environment).map(async ({ role, index, limits }) => {
      const name = dockerName(stack, role, index);
      const held = await heldLimits(docker.getContainer(name), stack, name);
      return compareLimits(name, { wanted: { ...limits, processes: PROCESSES }, ...held });
    }),
  );
  return rows.flat();
}

async function heldLimits(
  container: Docker.Container,
  stack: string,
  name: string,
): Promise<{ engine: HeldLimits; kernel: HeldLimits }> {
  const { HostConfig, State } = await inspectRunning(container, stack, name);
  if (!State.Running) throw notRunning(stack, name);
  const command = ["sh", "-c", CONTROL_GROUP_SCRIPT];
  const { code, stdout, stderr } = await runInContainer(container, command, { seconds: SECONDS });
  if (code !== 0) throw new Failure("unhealthy", `${name}: its control group: ${stderr.trim()}.`);
  const { NanoCpus, Memory, PidsLimit } = HostConfig;
  return {
    engine: {
      cpus: NanoCpus ? NanoCpus / 1e9 : undefined,
      memoryMebibytes: Memory ? Memory / MEBIBYTE : undefined,
      processes: PidsLimit && PidsLimit > 0 ? PidsLimit : undefined,
    },
    kernel: parseControlGroup(stdout),
  };
}

async function inspectRunning(
  container: Docker.Container,
  stack: string,
  name: string,
): Promise<Docker.ContainerInspectInfo> {
  try {
    return await container.inspect();
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) throw notRunning(stack, name);
    throw dockerFailure(error);
  }
}

function notRunning(stack: string, name: string): Failure {
  return new Failure("unhealthy", `${name} does not run.`, { fix: `npx doom up ${stack}` });
}

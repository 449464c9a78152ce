import { join } from "node:path";
import type Docker from "dockerode";
import { addressAt, type Cidr, formatCidr, parseCidrLoosely, split } from "../checks/cidr";
import { NETWORK_SPLIT_BITS } from "../config/fields";
import { dockerLabels, upgradeName } from "../config/names";
import type { EnvironmentConfig } from "../config/schema";
import { isOverlap, overlapProblems } from "./addressRange";
import type { GateResult } from "./deepGate";
import { errorText, Failure } from "./failure";
import { ownLock } from "./locks";
import type { Project } from "./project";
import { removeSecretFile, writeSecretFile } from "./secretFile";
import { secretFolder } from "./secretLocation";
import { removeStrayRehearsals } from "./strayRehearsals";
import { OWNER } from "./toolsContainer";
import { takeTurn } from "./turn";
import { type ContainerShape, upgradeFolder } from "./upgradeJournal";
import type { UpgradeService } from "./upgradeServices";

/** The new version on a clone of the data, where nothing of the running environment is in reach. */

export interface RehearsalRequest {
  readonly project: Project;
  readonly docker: Docker;
  readonly stack: string;
  readonly service: UpgradeService;
  readonly instance: number;
  /** Of the upgrade. */
  readonly id: string;
  /** The image's content address. */
  readonly image: string;
  /** What the running one is like. */
  readonly shape: ContainerShape;
  readonly environment: EnvironmentConfig;
  /** The volume with the clone. */
  readonly volume: string;
  /** What the clone holds besides data; see {@link UpgradeService}. */
  readonly inventory: readonly string[];
  readonly signal: AbortSignal;
}

const MEBIBYTE = 1024 * 1024;

/**
 * Starts the image on the clone with the limits and rights of the environment, on a network of its own without
 * a way out, with secrets of its own, and puts it through its gate.
 *
 * The containers of one environment take turns: there is one part of its range for this. Nothing but the volume is left
 * afterwards. Throws a Failure when Docker does not answer; what the gate found is the result.
 */
export async function rehearse(request: RehearsalRequest): Promise<GateResult> {
  const { project, docker, stack, service, inventory, signal } = request;
  const turn = join(upgradeFolder(project, stack), "rehearsal.lock");
  return takeTurn(
    turn,
    async () => {
      await removeStrayRehearsals(docker, stack);
      const secrets = await service.standIns(request.shape);
      const files = writeStandIns(request, secrets);
      try {
        return await whileRunning(request, files, (container) =>
          service.gate({
            container,
            inventory,
            secret: (path) => secrets[path] as string,
            rehearsal: true,
          }),
        );
      } finally {
        for (const { source } of files) removeSecretFile(source);
      }
    },
    signal,
  );
}

/** A file in memory, and where a container has it. */
interface StandIn {
  readonly source: string;
  readonly target: string;
}

function writeStandIns(
  { stack, instance, id }: RehearsalRequest,
  secrets: Readonly<Record<string, string>>,
): StandIn[] {
  return Object.entries(secrets).map(([target, content], position) => {
    const name = `${upgradeName(stack, "rehearsal", instance, id)}-${position}`;
    const source = join(secretFolder(stack), name);
    writeSecretFile(source, content);
    return { source, target };
  });
}

async function whileRunning<T>(
  request: RehearsalRequest,
  files: readonly StandIn[],
  work: (container: string) => Promise<T>,
): Promise<T> {
  const { docker, stack, instance, id, signal } = request;
  const name = upgradeName(stack, "rehearsal", instance, id);
  const labels = {
    ...dockerLabels(stack, "rehearsal", instance),
    [OWNER]: JSON.stringify(ownLock()),
  };
  const network = await createNetwork(request, name, labels);
  let container: Docker.Container | undefined;
  try {
    signal.throwIfAborted();
    container = await docker.createContainer(containerOptions(request, name, labels, files));
    const { id: started } = container;
    await container.start();
    return await Promise.race([work(started), rejection(signal)]);
  } finally {
    await container?.remove({ force: true, v: true });
    await network.remove();
  }
}

async function createNetwork(
  { docker, project, stack, environment }: RehearsalRequest,
  name: string,
  labels: Readonly<Record<string, string>>,
): Promise<Docker.Network> {
  const range = rehearsalRange(environment);
  try {
    return await docker.createNetwork({
      Name: name,
      Driver: "bridge",
      Internal: true,
      Attachable: false,
      Labels: labels,
      IPAM: { Config: [{ Subnet: formatCidr(range), Gateway: addressAt(range, 1) }] },
    });
  } catch (error) {
    if (!isOverlap(errorText(error))) throw error;
    const problems = await overlapProblems({ project, stack, environment });
    throw new Failure("preflight", "Its network cannot be made:", { problems });
  }
}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** The fourth part of the environment's range, which it keeps for this. */
function rehearsalRange({ network }: EnvironmentConfig): Cidr {
  const range = parseCidrLoosely(network.cidr);
  const part = range && split(range, NETWORK_SPLIT_BITS)[3];
  if (part === undefined) throw new Error(`no fourth part in ${network.cidr}`);
  return part;
}

function containerOptions(
  { image, shape, volume, environment, service }: RehearsalRequest,
  name: string,
  labels: Record<string, string>,
  files: readonly StandIn[],
): Docker.ContainerCreateOptions {
  const { cpus, memory: mebibytes } = service.limits(environment);
  const memory = mebibytes * MEBIBYTE;
  return {
    ...shape,
    name,
    Image: image,
    Labels: labels,
    HostConfig: {
      ...shape.HostConfig,
      // Those that it will have, which the same update may change.
      Memory: memory,
      MemorySwap: memory,
      NanoCpus: Math.round(cpus * 1e9),
      NetworkMode: name,
      // One that ends is not to be started again: the gate has to see it.
      RestartPolicy: { Name: "no" },
      Mounts: [
        { Type: "volume", Source: volume, Target: service.mountedAt },
        ...files.map(
          ({ source, target }): Docker.MountSettings => ({
            Type: "bind",
            Source: source,
            Target: target,
            ReadOnly: true,
            BindOptions: { Propagation: "rprivate" },
          }),
        ),
      ],
    },
  };
}

import { join } from "node:path";
import type Docker from "dockerode";
import { addressAt, type Cidr, formatCidr, parseCidrLoosely, split } from "../checks/cidr";
import { NETWORK_SPLIT_BITS } from "../config/fields";
import { dockerLabels, upgradeName } from "../config/names";
import type { EnvironmentConfig } from "../config/schema";
import { deepGate, type GateResult } from "./deepGate";
import { GATE_TIMES } from "./gateInput";
import { ownLock } from "./locks";
import type { Project } from "./project";
import { removeSecretFile, writeSecretFile } from "./secretFile";
import { generatePassword } from "./secretGenerate";
import { secretFolder } from "./secretLocation";
import { removeStrayRehearsals } from "./strayRehearsals";
import { OWNER } from "./toolsContainer";
import { takeTurn } from "./turn";
import { type ContainerShape, upgradeFolder } from "./upgradeJournal";

/** The new version on a clone of the data, where nothing of the running environment is in reach. */

export interface RehearsalRequest {
  readonly project: Project;
  readonly docker: Docker;
  readonly stack: string;
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
  readonly extensions: readonly string[];
  readonly signal: AbortSignal;
}

/** Where an environment mounts its login secret. */
const SECRET_PATH = "/run/secrets/hashed-password";

const MEBIBYTE = 1024 * 1024;

/**
 * Starts the image on the clone with the limits and rights of the environment, on a network of its own without
 * a way out, with a password of its own, and puts it through the deep gate.
 *
 * Editors of one environment take turns: there is one part of its range for this. Nothing but the volume is left
 * afterwards. Throws a Failure when Docker does not answer; what the gate found is the result.
 */
export async function rehearse(request: RehearsalRequest): Promise<GateResult> {
  const { project, docker, stack, instance, id, signal } = request;
  const turn = join(upgradeFolder(project, stack), "rehearsal.lock");
  return takeTurn(
    turn,
    async () => {
      await removeStrayRehearsals(docker, stack);
      const { hash } = await generatePassword();
      const secret = join(secretFolder(stack), `${upgradeName(stack, "rehearsal", instance, id)}`);
      writeSecretFile(secret, hash);
      try {
        return await whileRunning(request, secret, (container) =>
          deepGate({
            container,
            loginHash: hash,
            extensions: request.extensions,
            ...GATE_TIMES,
          }),
        );
      } finally {
        removeSecretFile(secret);
      }
    },
    signal,
  );
}

async function whileRunning<T>(
  request: RehearsalRequest,
  secret: string,
  work: (container: string) => Promise<T>,
): Promise<T> {
  const { docker, stack, instance, id, environment, signal } = request;
  const name = upgradeName(stack, "rehearsal", instance, id);
  const labels = {
    ...dockerLabels(stack, "rehearsal", instance),
    [OWNER]: JSON.stringify(ownLock()),
  };
  const range = rehearsalRange(environment);
  const network = await docker.createNetwork({
    Name: name,
    Driver: "bridge",
    Internal: true,
    Attachable: false,
    Labels: labels,
    IPAM: { Config: [{ Subnet: formatCidr(range), Gateway: addressAt(range, 1) }] },
  });
  let container: Docker.Container | undefined;
  try {
    signal.throwIfAborted();
    container = await docker.createContainer(containerOptions(request, name, labels, secret));
    const { id: started } = container;
    await container.start();
    return await Promise.race([work(started), rejection(signal)]);
  } finally {
    await container?.remove({ force: true, v: true });
    await network.remove();
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
  { image, shape, volume, environment }: RehearsalRequest,
  name: string,
  labels: Record<string, string>,
  secret: string,
): Docker.ContainerCreateOptions {
  const memory = environment.resources.memory * MEBIBYTE;
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
      NanoCpus: Math.round(environment.resources.cpus * 1e9),
      NetworkMode: name,
      // One that ends is not to be started again: the gate has to see it.
      RestartPolicy: { Name: "no" },
      Mounts: [
        { Type: "volume", Source: volume, Target: "/config" },
        {
          Type: "bind",
          Source: secret,
          Target: SECRET_PATH,
          ReadOnly: true,
          BindOptions: { Propagation: "rprivate" },
        },
      ],
    },
  };
}

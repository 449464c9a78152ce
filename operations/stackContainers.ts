import type Docker from "dockerode";
import { connectDocker, dockerFailure } from "./dockerHost";

/** A container of an environment with what its secret depends on, and what must outlive a new one. */
export interface StackContainer {
  readonly id: string;
  readonly name: string;
  /** The file on the host that is mounted as its secret; undefined when it has none. */
  readonly secretFile?: string;
  /** The volume at `/config`; undefined when it has none. */
  readonly volume?: { readonly name: string; readonly createdAt: string };
}

/** The containers of `stack`, by name. Throws a Failure when Docker does not answer. */
export async function stackContainers(stack: string): Promise<ReadonlyMap<string, StackContainer>> {
  try {
    const docker = await connectDocker();
    const filters = { label: [`doom.stack=${stack}`] };
    const found = await docker.listContainers({ all: true, filters });
    const containers = await Promise.all(found.map(({ Id }) => lookAt(docker, Id)));
    return new Map(containers.map((container) => [container.name, container]));
  } catch (error) {
    throw dockerFailure(error);
  }
}

async function lookAt(docker: Docker, id: string): Promise<StackContainer> {
  const { Id, Name, Mounts } = await docker.getContainer(id).inspect();
  const secret = Mounts.find(({ Destination }) => Destination.startsWith("/run/secrets/"));
  const data = Mounts.find(({ Destination }) => Destination === "/config")?.Name;
  return {
    id: Id,
    name: Name.slice(1),
    ...(secret ? { secretFile: secret.Source } : {}),
    ...(data ? { volume: await volumeOf(docker, data) } : {}),
  };
}

async function volumeOf(
  docker: Docker,
  name: string,
): Promise<NonNullable<StackContainer["volume"]>> {
  // In the engine's answer since API 1.25, but not in the client's types.
  const { CreatedAt } = (await docker.getVolume(name).inspect()) as unknown as {
    CreatedAt: string;
  };
  return { name, createdAt: CreatedAt };
}

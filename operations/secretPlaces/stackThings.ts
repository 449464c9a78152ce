import type Docker from "dockerode";
import type { Checkpoint } from "../../checks/checkpoint";
import { connectDocker, dockerFailure } from "../dockerHost";

/** Everything of one stack on the Docker host, as the engine describes it. */
export interface StackThings {
  readonly docker: Docker;
  readonly containers: readonly Docker.ContainerInspectInfo[];
  readonly networks: readonly Docker.NetworkInspectInfo[];
  readonly volumes: readonly Docker.VolumeInspectInfo[];
  /** Those that its containers run, and those that its state names. */
  readonly images: readonly Docker.ImageInspectInfo[];
}

/** The engine writes an image to its disk before it answers with the first byte of it. */
const ANSWER_TIMEOUT_MS = 300_000;

/** Finds them by their label. Throws a Failure when Docker does not answer. */
export async function stackThings(
  stack: string,
  checkpoint: Pick<Checkpoint, "resources">,
): Promise<StackThings> {
  try {
    const docker = await connectDocker(ANSWER_TIMEOUT_MS);
    const filters = { label: [`doom.stack=${stack}`] };
    const [listed, listedNetworks, { Volumes: volumes }] = await Promise.all([
      docker.listContainers({ all: true, filters }),
      docker.listNetworks({ filters }),
      docker.listVolumes({ filters }),
    ]);
    const containers = await Promise.all(listed.map(({ Id }) => docker.getContainer(Id).inspect()));
    const networks = await Promise.all(
      listedNetworks.map(
        ({ Id }) => docker.getNetwork(Id).inspect() as Promise<Docker.NetworkInspectInfo>,
      ),
    );
    const images = await Promise.all(
      imageIds(containers, checkpoint).map((id) => imageIfThere(docker, id)),
    );
    return { docker, containers, networks, volumes, images: images.flat() };
  } catch (error) {
    throw dockerFailure(error);
  }
}

function imageIds(
  containers: readonly Docker.ContainerInspectInfo[],
  { resources }: Pick<Checkpoint, "resources">,
): string[] {
  const recorded = resources
    .filter(({ type }) => type === "docker:index/remoteImage:RemoteImage")
    .flatMap(({ outputs }) => (typeof outputs.imageId === "string" ? [outputs.imageId] : []));
  return [...new Set([...containers.map(({ Image }) => Image), ...recorded])].sort();
}

/** The state may name an image that was removed by hand. */
async function imageIfThere(docker: Docker, id: string): Promise<Docker.ImageInspectInfo[]> {
  try {
    return [await docker.getImage(id).inspect()];
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return [];
    throw error;
  }
}

/** A container's name without the slash that the engine puts before it. */
export function nameOf({ Name }: Docker.ContainerInspectInfo): string {
  return Name.replace(/^\//, "");
}

/** An image's first tag, else its ID. */
export function tagOf({ RepoTags, Id }: Docker.ImageInspectInfo): string {
  return RepoTags?.[0] ?? Id;
}

/** An answer of the engine as a stream, where its client would collect it in memory or cannot ask. */
export function streamFrom(
  { modem }: Docker,
  path: string,
  options: Readonly<Record<string, unknown>>,
): Promise<NodeJS.ReadableStream> {
  const request = {
    path: `${path}?`,
    method: "GET",
    options,
    isStream: true,
    statusCodes: { 200: true, 404: "not found", 500: "server error" },
  };
  return new Promise((resolve, reject) =>
    modem.dial(request, (error, answer) =>
      error ? reject(error) : resolve(answer as NodeJS.ReadableStream),
    ),
  );
}

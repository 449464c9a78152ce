import { realpathSync, statSync } from "node:fs";
import type Docker from "dockerode";
import { type Endpoint, folderProblem } from "../checks/migrationEndpoint";
import type { PlaceFacts, VolumeUser } from "../checks/migrationRules";
import { isAtOrAbove } from "../checks/rules/hostPaths";
import { dockerLabels, dockerName } from "../config/names";
import { parseEnvironment } from "../config/schema";
import { isDockerLocal } from "./dockerHost";
import { errorCode, Failure } from "./failure";
import { type Project, readStackFile } from "./project";

/** A volume or a folder that takes part in a migration, as it is now. */
export interface Place extends PlaceFacts {
  /** Names the place among all Docker hosts. */
  readonly key: string;
  /** A volume may have to be made first. */
  readonly exists: boolean;
  /** The labels that it has, or will be made with. */
  readonly labels: Readonly<Record<string, string>>;
}

/** An endpoint that is no archive. */
export type PlaceEndpoint = Exclude<Endpoint, { kind: "archive" }>;

/**
 * Looks at an endpoint. `owner` is the environment that a new volume will belong to.
 *
 * Throws a {@link Failure} when there is no such environment, instance or folder, or when the folder may
 * not take part.
 */
export async function lookAt(
  project: Project,
  docker: Docker,
  endpoint: PlaceEndpoint,
  owner?: string,
): Promise<Place> {
  switch (endpoint.kind) {
    case "directory":
      return lookAtFolder(docker, endpoint.path);
    case "volume":
      return lookAtVolume(docker, endpoint.name, copyLabels(owner));
    case "environment": {
      const { stack, instance } = endpoint;
      const { instances } = parseEnvironment(readStackFile(project, stack).environment);
      if (instance > instances) {
        throw new Failure("usage", `${stack} has no editor ${instance}.`, {
          fix: `its editors are 1 to ${instances}; set instances in Pulumi.${stack}.yaml for more`,
        });
      }
      const name = dockerName(stack, "data", instance);
      return lookAtVolume(docker, name, dockerLabels(stack, "data", instance));
    }
  }
}

/** Of a volume that the user names and that is no environment's own. */
function copyLabels(owner: string | undefined): Record<string, string> {
  return owner === undefined ? { "doom.role": "copy" } : dockerLabels(owner, "copy");
}

async function lookAtVolume(
  docker: Docker,
  name: string,
  labels: Readonly<Record<string, string>>,
): Promise<Place> {
  const { ID } = (await docker.info()) as { ID: string };
  const found = await inspect(docker, name);
  const own = found === undefined ? labels : (found.Labels ?? {});
  return {
    kind: "volume",
    title: `the volume ${name}`,
    at: name,
    key: `${ID}/volume/${name}`,
    exists: found !== undefined,
    labels: own,
    stack: own["doom.stack"],
    role: own["doom.role"],
    driverOptions: found?.Options ?? {},
    users: await usersOf(docker, name),
  };
}

async function inspect(
  docker: Docker,
  name: string,
): Promise<Docker.VolumeInspectInfo | undefined> {
  try {
    return await docker.getVolume(name).inspect();
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}

/** The containers that mount a volume. */
export async function usersOf(docker: Docker, volume: string): Promise<VolumeUser[]> {
  const all = await docker.listContainers({ all: true, filters: { volume: [volume] } });
  const users = await Promise.all(
    all.map(async ({ Id, Names, State, Mounts }): Promise<VolumeUser[]> => {
      const mount = Mounts.find((one) => one.Type === "volume" && one.Name === volume);
      if (mount === undefined) return [];
      const name = (Names[0] ?? Id).replace(/^\//, "");
      const removedOnStop = await isRemovedOnStop(docker.getContainer(Id));
      return [{ id: Id, name, state: State, writes: mount.RW, removedOnStop }];
    }),
  );
  return users.flat();
}

/** Whether Docker removes a container when it ends (`--rm`). */
export async function isRemovedOnStop(container: Docker.Container): Promise<boolean> {
  try {
    return (await container.inspect()).HostConfig.AutoRemove === true;
  } catch (error) {
    // Gone since it was listed.
    if ((error as { statusCode?: number }).statusCode === 404) return true;
    throw error;
  }
}

async function lookAtFolder(docker: Docker, path: string): Promise<Place> {
  if (!isDockerLocal()) {
    throw new Failure("usage", `${path} would be a folder of the Docker host, another machine.`, {
      fix: "use archive:PATH, which is a folder of this machine",
    });
  }
  const { ID, DockerRootDir } = (await docker.info()) as { ID: string; DockerRootDir: string };
  const real = existingFolder(path);
  const problem =
    folderProblem(real) ??
    (isAtOrAbove(DockerRootDir, real) || isAtOrAbove(real, DockerRootDir)
      ? `${path} is Docker's own: name a volume as volume:NAME`
      : undefined);
  if (problem !== undefined) throw new Failure("usage", `${problem}.`);
  return {
    kind: "directory",
    title: `the folder ${real}`,
    at: real,
    key: `${ID}/directory/${real}`,
    exists: true,
    labels: {},
    stack: undefined,
    role: undefined,
    driverOptions: {},
    users: [],
  };
}

function existingFolder(path: string): string {
  try {
    const real = realpathSync(path);
    if (statSync(real).isDirectory()) return real;
    throw new Failure("usage", `${path} is not a folder.`);
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    throw new Failure("usage", `The folder ${path} cannot be used (${code}).`, {
      fix: code === "ENOENT" ? `make it: mkdir ${path}` : "make it readable for you",
    });
  }
}

/** Makes the volume of a place that does not exist yet, and looks at it again. */
export async function makeVolume(docker: Docker, place: Place): Promise<Place> {
  await docker.createVolume({ Name: place.at, Labels: { ...place.labels } });
  return lookAtVolume(docker, place.at, place.labels);
}

import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type Docker from "dockerode";
import { dockerLabels, dockerName, isOwnVolume, restoreVolumeName } from "../config/names";
import { Failure } from "./failure";
import type { Project } from "./project";
import { DATA, REPOSITORY } from "./snapshotRepository";
import type { ToolsMount } from "./toolsContainer";
import type { Writer } from "./writers";

/** The volumes and folders that snapshots are made of and kept in. */

/**
 * Makes sure that the volume with the snapshots of `stack` exists, and gives its mount.
 *
 * A volume and no folder: the Docker host may be another machine, and what is in it belongs to root. It is
 * no resource of the program, so that no run of Pulumi touches it; only `doom down --purge` removes it.
 */
export async function repositoryMount(docker: Docker, stack: string): Promise<ToolsMount> {
  const name = dockerName(stack, "snapshots");
  if ((await labelsOf(docker, name)) === undefined) {
    await docker.createVolume({ Name: name, Labels: dockerLabels(stack, "snapshots") });
  }
  await requireOwn(docker, stack, name);
  return { kind: "volume", from: name, at: REPOSITORY, readOnly: false };
}

/** The mount of an editor's data, that exists and is the environment's own. Throws a {@link Failure}. */
export async function dataMount(
  docker: Docker,
  stack: string,
  instance: number,
  { at = DATA, readOnly = true }: { at?: string; readOnly?: boolean } = {},
): Promise<ToolsMount> {
  const name = dockerName(stack, "data", instance);
  await requireOwn(docker, stack, name);
  return { kind: "volume", from: name, at, readOnly };
}

/** Makes a fresh volume for a restore; nothing is ever restored over data. */
export async function makeRestoreVolume(
  docker: Docker,
  stack: string,
  instance: number,
): Promise<string> {
  const name = restoreVolumeName(stack, instance, randomBytes(4).toString("hex"));
  // Docker would take a volume of that name as it is.
  if ((await labelsOf(docker, name)) !== undefined) throw new Error(`${name} exists already`);
  await docker.createVolume({ Name: name, Labels: dockerLabels(stack, "restore", instance) });
  return name;
}

async function requireOwn(docker: Docker, stack: string, name: string): Promise<void> {
  const labels = await labelsOf(docker, name);
  if (labels !== undefined && isOwnVolume(stack, name, labels)) return;
  throw labels === undefined
    ? new Failure("data", `There is no volume ${name}.`, { fix: `npx doom up ${stack}` })
    : new Failure("data", `The volume ${name} is not ${stack}'s: its labels say something else.`, {
        fix: `see what made it: docker volume inspect ${name}`,
      });
}

async function labelsOf(
  docker: Docker,
  name: string,
): Promise<Readonly<Record<string, string>> | undefined> {
  try {
    return (await docker.getVolume(name).inspect()).Labels ?? {};
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}

/** The containers that run with a volume, apart from those of operations. */
export async function runningWith(docker: Docker, volume: string): Promise<Writer[]> {
  const found = await docker.listContainers({ filters: { volume: [volume] } });
  return found
    .filter(({ Labels }) => Labels["doom.role"] !== "tools")
    .map(({ Id, Names }) => ({ id: Id, name: (Names[0] ?? Id).replace(/^\//, "") }));
}

/** The folder for records about the snapshots of `stack`, beside Pulumi's own state. */
export function recordFolder(project: Project, stack: string): string {
  return join(project.stateFolder, "snapshots", stack);
}

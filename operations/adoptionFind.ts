import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import type Docker from "dockerode";
import {
  folderWriters,
  type LeftBehind,
  leftBehind,
  mountAt,
  mountPointsBelow,
  OLD_WORKSPACE,
  PARTS,
  partsOf,
  type SetupContainer,
  type SetupMount,
  type SetupParts,
  setupFolders,
  setupProblems,
} from "../checks/installerSetup";
import { activeWriters, sourceProblems, type VolumeUser } from "../checks/migrationRules";
import { readInstallerEnv } from "../config/installerEnv";
import { Failure } from "./failure";
import type { MigrationContext } from "./migrationContainer";
import { isRemovedOnStop, lookAt, type Place, type PlaceEndpoint } from "./migrationPlaces";
import { readEnvFile } from "./stackMigration";
import { refuse } from "./volumeMigration";

/** A setup of the single-host installer, as it is now. Nothing in this file changes anything. */
export interface OldSetup {
  /** The folder with its compose files. */
  readonly folder: string;
  /** Its `.env`. */
  readonly env: string;
  readonly parts: SetupParts;
  /** What its editor has as `/config`. */
  readonly config: Place;
  /** The folder with the projects; undefined when the setup has none apart from `/config`. */
  readonly workspace: Place | undefined;
  readonly left: readonly LeftBehind[];
}

/** The containers that may be writing to what is copied. */
export function writersOf({ config, workspace }: OldSetup): VolumeUser[] {
  const all = [config, ...(workspace ? [workspace] : [])].flatMap(activeWriters);
  return [...new Map(all.map((writer) => [writer.id, writer])).values()];
}

/**
 * Finds the setup that the `.env` at `from` (or in that folder) belongs to; without `from`, the only one
 * whose editor is on the Docker host.
 *
 * Throws a {@link Failure} that names what is missing, is another setup's, or may not be read.
 */
export async function findSetup(context: MigrationContext, from?: string): Promise<OldSetup> {
  const { docker } = context;
  const containers = (await docker.listContainers({ all: true })).map(toContainer);
  const env = from === undefined ? join(onlyFolder(containers), ".env") : envPath(from);
  const { bytes } = readEnvFile(env);
  const folder = realpathSync(dirname(env));
  const parts = partsOf(containers, folder);
  refuse(`The setup in ${folder} cannot be taken over:`, setupProblems(containers, parts, folder));
  const config = await lookAtConfig(context, parts, folder);
  const path = workspacePath(parts, folder, env, bytes);
  const workspace =
    path === undefined ? undefined : await lookAtWorkspace(context, containers, path);
  const setup = { folder, env, parts, config, workspace };
  refuse("The old data cannot be read as it is:", [
    ...[config, ...(workspace ? [workspace] : [])].flatMap(sourceProblems),
    ...strangers({ ...setup, left: [] }),
  ]);
  const { Volumes } = await docker.listVolumes();
  return {
    ...setup,
    left: leftBehind(
      parts,
      Volumes.map(({ Name }) => Name),
    ),
  };
}

function onlyFolder(containers: readonly SetupContainer[]): string {
  const folders = setupFolders(containers);
  if (folders.length === 1) return folders[0] as string;
  const fix = "name the .env of yours: --from FOLDER/.env";
  throw folders.length === 0
    ? new Failure("usage", "No container of the single-host installer says where its .env is.", {
        fix,
      })
    : new Failure("usage", "There are several setups of the single-host installer:", {
        problems: folders,
        fix,
      });
}

function envPath(from: string): string {
  const path = resolve(from);
  return existsSync(path) && statSync(path).isDirectory() ? join(path, ".env") : path;
}

const FOLDER_LABEL = "com.docker.compose.project.working_dir";
const SERVICE_LABEL = "com.docker.compose.service";
/** On every container of the installer's compose files. */
const INSTALLER_LABEL = "com.doom-coding.service";

function toContainer({ Id, Names, State, Labels, Mounts }: Docker.ContainerInfo): SetupContainer {
  const folder = Labels[FOLDER_LABEL];
  return {
    id: Id,
    name: (Names[0] ?? Id).replace(/^\//, ""),
    state: State,
    folder: folder === undefined || !existsSync(folder) ? folder : realpathSync(folder),
    service: Labels[SERVICE_LABEL],
    ofInstaller: Labels[INSTALLER_LABEL] !== undefined,
    mounts: Mounts.map(({ Type, Name, Source, Destination, RW }) => ({
      kind: Type === "volume" ? "volume" : Type === "bind" ? "directory" : "other",
      from: Type === "volume" ? (Name ?? "") : Source,
      at: Destination,
      writes: RW,
    })),
  };
}

async function lookAtConfig(
  { project, docker }: MigrationContext,
  parts: SetupParts,
  folder: string,
): Promise<Place> {
  const { volume, at, container } = PARTS.editor;
  const mount = mountAt(parts, at);
  const place = await lookAt(
    project,
    docker,
    endpointOf(mount) ?? { kind: "volume", name: volume },
  );
  if (place.exists) return place;
  throw new Failure("usage", `The setup in ${folder} has no data on this Docker host:`, {
    problems: [`there is neither a container ${container} nor ${place.title}`],
    fix: "name the .env of another setup, or set DOCKER_HOST to the host that it runs on",
  });
}

function endpointOf(mount: SetupMount | undefined): PlaceEndpoint | undefined {
  if (mount === undefined || mount.kind === "other") return undefined;
  return mount.kind === "volume"
    ? { kind: "volume", name: mount.from }
    : { kind: "directory", path: mount.from };
}

/** What the container has counts: the `.env` may have been edited since it was made. */
function workspacePath(
  parts: SetupParts,
  folder: string,
  env: string,
  bytes: Uint8Array,
): string | undefined {
  const mount = mountAt(parts, OLD_WORKSPACE);
  if (mount?.kind === "directory") return mount.from;
  if (mount !== undefined) {
    throw new Failure("usage", `The old editor has ${mount.from} as ${OLD_WORKSPACE}.`, {
      fix: "only a folder of the host is taken over, as the installer's compose files have it",
    });
  }
  const set = readInstallerEnv(bytes, env).entries.get("WORKSPACE_PATH")?.value;
  const byDefault = join(folder, basename(OLD_WORKSPACE));
  if (set === undefined || set === "") return existsSync(byDefault) ? byDefault : undefined;
  return resolve(folder, set.replace(/^~(?=\/|$)/, homedir()));
}

async function lookAtWorkspace(
  { project, docker }: MigrationContext,
  containers: readonly SetupContainer[],
  path: string,
): Promise<Place> {
  const place = await lookAt(project, docker, { kind: "directory", path });
  const mounted = mountPointsBelow(readFileSync("/proc/self/mountinfo", "utf8"), place.at);
  if (mounted.length > 0) {
    throw new Failure("usage", `Other file systems are mounted in the workspace ${place.at}:`, {
      problems: mounted,
      fix: "what is in them would not be copied: unmount them first",
    });
  }
  const users = await Promise.all(
    folderWriters(containers, place.at).map(async ({ id, name, state }) => ({
      id,
      name,
      state,
      writes: true,
      removedOnStop: await isRemovedOnStop(docker.getContainer(id)),
    })),
  );
  return { ...place, users };
}

/** Containers of others are not stopped. */
function strangers(setup: OldSetup): string[] {
  const own = new Set(Object.values(setup.parts).map(({ id }) => id));
  return writersOf(setup)
    .filter(({ id }) => !own.has(id))
    .map(
      ({ name }) =>
        `the container ${name} is no part of the setup and may write to its data; stop it (docker stop ${name})`,
    );
}

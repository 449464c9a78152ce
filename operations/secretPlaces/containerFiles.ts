import { existsSync } from "node:fs";
import type Docker from "dockerode";
import type { Entry } from "tar-stream";
import { type FileChange, pathsToRead } from "../../checks/changedFiles";
import type { Place, SearchedObject } from "../placeSearch";
import { tarEntries, wholeArchive } from "../tarEntries";
import { filesIn } from "./files";
import { nameOf, type StackThings } from "./stackThings";

/** What containers have written: into their own layer and onto their volumes. */

type Container = Docker.ContainerInspectInfo;
type Archive = AsyncIterable<Uint8Array>;

/** The files that a container has and its image has not, or not so (`docker diff`). */
export function writtenFiles(things: StackThings): Place {
  return {
    name: "container files",
    async *objects() {
      for (const container of things.containers) {
        const name = nameOf(container);
        for await (const entry of tarEntries(await hostnameFile(things, container)))
          yield { ...toObject(entry, `${name}:/etc/`), markers: [container.Config.Hostname] };
        for (const { path, whole } of await changedPaths(things, container)) {
          const archive = await archiveIfThere(things, container, path);
          const folder = path.slice(0, path.lastIndexOf("/") + 1);
          if (archive) yield* writtenIn(archive, `${name}:${folder}`, whole);
        }
      }
    },
  };
}

/** A folder that has only changed itself holds what its image put there: that is another place. */
async function* writtenIn(
  archive: Archive,
  prefix: string,
  whole: boolean,
): AsyncIterable<SearchedObject> {
  for await (const entry of tarEntries(archive)) {
    if (!whole && entry.header.type === "directory") return;
    yield toObject(entry, prefix);
  }
}

/** Everything on the stack's volumes. */
export function volumeFiles(things: StackThings): Place {
  return {
    name: "data volumes",
    async *objects() {
      const mounted = new Set<string>();
      for (const container of things.containers) {
        for (const { Type, Name, Destination } of container.Mounts) {
          // One that is shared is read once.
          if (Type !== "volume" || Name === undefined || mounted.has(Name)) continue;
          mounted.add(Name);
          const files = await archiveOf(things, container, Destination);
          yield* filesOfVolume(Name, files, Destination === EDITOR_FILES);
        }
      }
      for (const volume of things.volumes)
        if (!mounted.has(volume.Name)) yield* filesOfUnused(volume);
    },
  };
}

/** Where editors, and what shares their files, have them mounted. */
const EDITOR_FILES = "/config";

/** Agents have nothing to keep before their first use; `neverEmpty` is for volumes that cannot be. */
async function* filesOfVolume(
  name: string,
  archive: Archive,
  neverEmpty: boolean,
): AsyncIterable<SearchedObject> {
  let bytes = 0;
  for await (const entry of tarEntries(archive)) {
    bytes += entry.header.size ?? 0;
    yield toObject(entry, `${name}:`);
  }
  if (neverEmpty && bytes === 0)
    throw new Error(`${name} is empty, but an editor writes when it starts`);
}

/** A volume stays when the number of editors goes down; only its folder on the host leads to it. */
async function* filesOfUnused(volume: Docker.VolumeInspectInfo): AsyncIterable<SearchedObject> {
  if (!existsSync(volume.Mountpoint))
    throw new Error(`${volume.Name} is in no container, and its folder is not on this machine`);
  for await (const object of filesIn(volume.Mountpoint))
    yield { ...object, name: `${volume.Name}:${object.name}` };
}

/** A file that every container has, with a public content: its name within its networks. */
export function hostnameFile(things: StackThings, container: Container): Promise<Archive> {
  return archiveOf(things, container, "/etc/hostname");
}

/** A file or folder of a container, running or not, as a tar archive. */
async function archiveOf({ docker }: StackThings, { Id }: Container, path: string) {
  const archive = await docker.getContainer(Id).getArchive({ path });
  return wholeArchive(archive as AsyncIterable<Buffer>);
}

/** The same for what may have been deleted since it was listed. */
async function archiveIfThere(things: StackThings, container: Container, path: string) {
  try {
    return await archiveOf(things, container, path);
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}

/** A file with its content; a link with where it points, which only its header tells. */
export function toObject(entry: Entry, prefix: string): SearchedObject {
  const { name, linkname } = entry.header;
  if (linkname) entry.resume();
  return { name: `${prefix}${name}`, content: linkname || entry };
}

async function changedPaths({ docker }: StackThings, { Id, Mounts, HostConfig }: Container) {
  // Without any change the engine says `null`, which the client hands on as bytes.
  const answer: unknown = await docker.getContainer(Id).changes();
  const changes = Array.isArray(answer) ? (answer as FileChange[]) : [];
  return pathsToRead(changes, [
    ...Mounts.map(({ Destination }) => Destination),
    ...Object.keys(HostConfig.Tmpfs ?? {}),
  ]);
}

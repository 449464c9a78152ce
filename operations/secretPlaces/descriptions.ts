import { PassThrough } from "node:stream";
import { buffer } from "node:stream/consumers";
import { finished } from "node:stream/promises";
import type Docker from "dockerode";
import type { Place, SearchedObject } from "../placeSearch";
import { hostnameFile } from "./containerFiles";
import { nameOf, type StackThings, streamFrom, tagOf } from "./stackThings";

/** What the Docker engine tells to whoever may ask it. */

/** `docker inspect` of everything, with the last outputs of health checks. */
export function inspections(things: StackThings): Place[] {
  return [
    place("container descriptions", things.containers, (container) => ({
      name: nameOf(container),
      content: JSON.stringify(container),
      markers: [container.Id],
    })),
    place("network descriptions", things.networks, (network) => ({
      name: network.Name,
      content: JSON.stringify(network),
      markers: [network.Id],
    })),
    place("volume descriptions", things.volumes, (volume) => ({
      name: volume.Name,
      content: JSON.stringify(volume),
      markers: [volume.Name],
    })),
    place("image descriptions", things.images, (image) => ({
      name: tagOf(image),
      content: JSON.stringify(image),
      markers: [image.Id],
    })),
  ];
}

function place<T>(name: string, all: readonly T[], toObject: (one: T) => SearchedObject): Place {
  return {
    name,
    async *objects() {
      yield* all.map(toObject);
    },
  };
}

/** `docker history`: the commands and arguments that made each layer. */
export function imageHistories({ docker, images }: StackThings): Place {
  return {
    name: "image histories",
    async *objects() {
      for (const image of images) {
        const history = await docker.getImage(image.Id).history();
        yield { name: tagOf(image), content: JSON.stringify(history), markers: [image.Id] };
      }
    },
  };
}

/**
 * `docker events`: labels of whatever is made or ends, and command lines of health checks and execs.
 *
 * All that the engine still has (the last 256), not only this stack's: objects that are gone have
 * no other trace. To read a file of a container is itself an event, so one of this stack's is there
 * even when all its health checks rest.
 */
export function events(things: StackThings): Place {
  const { docker, containers } = things;
  return {
    name: "engine events",
    async *objects() {
      for (const container of containers) await buffer(await hostnameFile(things, container));
      const content = await docker.getEvents({ since: 0, until: await engineTime(docker) });
      yield {
        name: "all that the engine still has",
        content: content as AsyncIterable<Buffer>,
        ...(containers.length > 0 ? { markers: containers.map(({ Id }) => Id) } : {}),
      };
      if (containers.length === 0) throw new Error("there is no container to know them by");
    },
  };
}

/** `docker logs`. */
export function containerLogs({ docker, containers }: StackThings): Place {
  return {
    name: "container logs",
    async *objects() {
      for (const container of containers) {
        const what = { stdout: true, stderr: true, timestamps: true };
        const stream = await streamFrom(docker, `/containers/${container.Id}/logs`, what);
        yield {
          name: nameOf(container),
          content: lines(docker, container, stream),
          ...(isEditor(container) ? { markers: yearsSince(container.State.StartedAt) } : {}),
        };
      }
    },
  };
}

/** The engine's clock, in seconds since 1970; another machine's may differ from ours. */
async function engineTime(docker: Docker): Promise<number> {
  const { SystemTime } = (await docker.info()) as { SystemTime: string };
  return Date.parse(SystemTime) / 1000;
}

/** Editors say something when they start; a gateway may have nothing to say. */
function isEditor({ Config }: Docker.ContainerInspectInfo): boolean {
  return Config.Labels["doom.role"] === "code-server";
}

/** How the times before the lines of a log begin, whatever was rotated away. */
function yearsSince(time: string): string[] {
  const first = new Date(time).getUTCFullYear();
  const years = new Date().getUTCFullYear() - first + 1;
  return Array.from({ length: years }, (_, index) => `${first + index}-`);
}

/** Without the frames that the engine puts around what comes from a program without a terminal. */
function lines(
  docker: Docker,
  { Config }: Docker.ContainerInspectInfo,
  stream: NodeJS.ReadableStream,
): AsyncIterable<Uint8Array> {
  if (Config.Tty) return stream as AsyncIterable<Buffer>;
  const content = new PassThrough();
  docker.modem.demuxStream(stream, content, content);
  finished(stream).then(
    () => content.end(),
    (error) => content.destroy(error),
  );
  return content;
}

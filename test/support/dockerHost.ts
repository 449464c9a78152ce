import { PassThrough } from "node:stream";
import Docker from "dockerode";
import { withoutFrames } from "../../operations/containerLog";

/** The engine that the environments run on: DOCKER_HOST, else the local socket. */
export const engine = new Docker();

/** A label filter in the form that the engine's list calls take. */
function ofStack(stack: string, role?: string): { label: string[] } {
  return { label: [`doom.stack=${stack}`, ...(role === undefined ? [] : [`doom.role=${role}`])] };
}

/** Every container of the stack, running or not, sorted by name. */
export async function containersOf(
  stack: string,
  role?: string,
): Promise<Docker.ContainerInspectInfo[]> {
  const found = await engine.listContainers({ all: true, filters: ofStack(stack, role) });
  const inspected = await Promise.all(found.map(({ Id }) => engine.getContainer(Id).inspect()));
  return inspected.sort((a, b) => (a.Name < b.Name ? -1 : 1));
}

/** Every network of the stack, sorted by name. */
export async function networksOf(stack: string): Promise<Docker.NetworkInspectInfo[]> {
  const found = await engine.listNetworks({ filters: ofStack(stack) });
  const inspected = await Promise.all(
    found.map(({ Id }) => engine.getNetwork(Id).inspect() as Promise<Docker.NetworkInspectInfo>),
  );
  return inspected.sort((a, b) => (a.Name < b.Name ? -1 : 1));
}

/** Every volume of the stack, sorted by name. */
export async function volumesOf(stack: string): Promise<Docker.VolumeInspectInfo[]> {
  const { Volumes } = await engine.listVolumes({ filters: ofStack(stack) });
  return [...Volumes].sort((a, b) => (a.Name < b.Name ? -1 : 1));
}

/** Container ids by name: equal before and after means that nothing was replaced. */
export async function containerIds(stack: string): Promise<Record<string, string>> {
  // The list alone: what is replaced meanwhile can no longer be inspected.
  const found = await engine.listContainers({ all: true, filters: ofStack(stack) });
  return Object.fromEntries(found.map(({ Names, Id }) => [Names[0]?.slice(1), Id]));
}

/** Waits until the container has the wanted state; throws with its last state after `seconds`. */
export async function waitForContainer(
  name: string,
  wanted: (info: Docker.ContainerInspectInfo) => boolean,
  seconds = 60,
): Promise<Docker.ContainerInspectInfo> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const info = await engine.getContainer(name).inspect();
    if (wanted(info)) return info;
    if (Date.now() > end) {
      throw new Error(`${name} after ${seconds} s: ${JSON.stringify(info.State)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Whether the container's own check says that it serves. */
export function isHealthy(info: Docker.ContainerInspectInfo): boolean {
  return info.State.Running && info.State.Health?.Status === "healthy";
}

/**
 * Runs a program of the container's own image in it, as root unless `user` says otherwise.
 *
 * Throws when it ends with another code than 0; the message holds what it printed.
 */
export async function runIn(
  container: string,
  command: readonly string[],
  user = "root",
): Promise<string> {
  const exec = await engine.getContainer(container).exec({
    Cmd: [...command],
    User: user,
    AttachStdout: true,
    AttachStderr: true,
  });
  const stream = await exec.start({});
  const output = new PassThrough();
  const chunks: Buffer[] = [];
  output.on("data", (chunk: Buffer) => chunks.push(chunk));
  engine.modem.demuxStream(stream, output, output);
  await new Promise((resolve, reject) => stream.on("end", resolve).on("error", reject));
  const text = Buffer.concat(chunks).toString("utf8");
  const { ExitCode } = await exec.inspect();
  if (ExitCode !== 0) throw new Error(`${command.join(" ")} ended with ${ExitCode}: ${text}`);
  return text;
}

/**
 * The content of a file on a volume, read through a container of its own.
 *
 * That container has nothing in common with the editor but the volume, so what it sees is what is
 * stored, not what some process believes. `image` needs a `cat`.
 */
export async function readVolume(volume: string, file: string, image: string): Promise<string> {
  const container = await engine.createContainer({
    Image: image,
    Entrypoint: ["cat", `/volume/${file}`],
    Cmd: [],
    User: "root",
    Healthcheck: { Test: ["NONE"] },
    HostConfig: {
      NetworkMode: "none",
      Mounts: [{ Type: "volume", Source: volume, Target: "/volume", ReadOnly: true }],
    },
  });
  try {
    await container.start();
    const { StatusCode } = await container.wait();
    const logs = await container.logs({ stdout: true, stderr: true, follow: false });
    const text = withoutFrames(logs);
    if (StatusCode !== 0) throw new Error(`reading ${file} on ${volume}: ${text}`);
    return text;
  } finally {
    await container.remove({ force: true });
  }
}

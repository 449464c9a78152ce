import { randomBytes } from "node:crypto";
import { type Duplex, Readable } from "node:stream";
import type Docker from "dockerode";
import { dockerLabels, toolsContainerName } from "../config/names";
import { connectDocker, dockerFailure, isDockerError } from "./dockerHost";
import { frames } from "./execStream";
import { Failure } from "./failure";
import { judgeLockText, ownLock } from "./locks";
import { ensureToolsImage } from "./toolsImage";

/**
 * A throw-away container that reads and writes the data of volumes.
 *
 * Volumes belong to root on a Docker host that may be another machine, and `doom` may run as anybody: so
 * everything that touches their data runs in there, with no more rights than the work takes and without a
 * network (the reachability proof has somebody else's network there, and no data). It ends with the run that
 * it belongs to, even when that is killed: its first program reads from a connection that this process holds.
 */

/** What the work may do beyond what every user may. */
export const READING = ["DAC_READ_SEARCH"] as const;
export const WRITING = [
  ...READING,
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "FSETID",
  "MKNOD",
  "SETFCAP",
] as const;

export interface ToolsMount {
  readonly kind: "volume" | "directory";
  /** Name of a volume that exists, or an absolute path on the Docker host. */
  readonly from: string;
  /** Where it appears in the container: `/source`, `/target`. */
  readonly at: string;
  readonly readOnly: boolean;
}

export interface ToolsContainerArgs {
  /** The environment that the data belongs to; absent for data of none. */
  readonly stack?: string;
  readonly mounts: readonly ToolsMount[];
  /** {@link READING} or {@link WRITING}. */
  readonly capabilities: readonly string[];
  /** Whose network it works in: `host`, or `container:ID`; none by default. */
  readonly network?: string;
  /** Told what is done before the container is there, such as building its image. */
  readonly report?: (step: string) => void;
  /** Ends whatever runs in it. */
  readonly signal?: AbortSignal;
}

export interface RunOptions {
  /** What the program reads from its standard input. */
  readonly input?: string | AsyncIterable<string | Uint8Array>;
  /** Exit codes that are no failure, besides 0. */
  readonly accept?: readonly number[];
  /** Told what it prints on standard error, as it comes. */
  readonly onComplaint?: (text: string) => void;
}

/** A program in the container ended with a code that its caller does not accept. */
export class ToolFailed extends Error {
  constructor(
    readonly command: readonly string[],
    readonly code: number,
    /** The end of what it printed on standard error. */
    readonly complaints: string,
  ) {
    super(complaints || `${command[0]} ended with code ${code}`);
    this.name = "ToolFailed";
  }
}

/** How often Docker is asked whether it is still there, while a program of ours is silent. */
const WATCH_MS = 10_000;
/** How much of a program's complaints is kept, in characters. */
const COMPLAINTS_KEPT = 4000;

/**
 * Does `work` with a container of its own, which is gone afterwards, whatever happens.
 *
 * Containers that killed runs left are removed first. Throws what `work` throws, and a {@link Failure}
 * when Docker does not answer, or no longer does.
 */
export async function withToolsContainer<T>(
  args: ToolsContainerArgs,
  work: (tools: ToolsContainer) => Promise<T>,
): Promise<T> {
  const { report, signal } = args;
  const image = await ensureToolsImage({
    ...(report === undefined ? {} : { report }),
    ...(signal === undefined ? {} : { signal }),
  });
  const docker = await connectDocker(0);
  await removeStrayContainers(docker);
  const watch = new Watch(await connectDocker(), signal);
  const container = await create(docker, image, args);
  let hold: Duplex | undefined;
  const end = async () => {
    watch.stop();
    hold?.destroy();
    // A Docker that answers nothing would hold us as well; the container ends without its holder.
    if (!watch.isLost) await remove(container);
  };
  let result: T;
  try {
    hold = (await container.attach({ stream: true, stdin: true, hijack: true })) as Duplex;
    // How it ends is nobody's news: the container does as well.
    hold.on("error", () => {});
    await container.start();
    result = await work(new ToolsContainer(container, watch.signal));
  } catch (error) {
    // When Docker is gone it cannot be removed, ends by itself, and has a worse reason to be told.
    await end().catch(() => {});
    // The reason for the end, not the broken connection that it led to.
    if (!(error instanceof Failure)) watch.signal.throwIfAborted();
    throw error instanceof ToolFailed || !isDockerError(error) ? error : dockerFailure(error);
  }
  await end();
  return result;
}

/** Programs in a running container, one after the other or side by side. */
export class ToolsContainer {
  constructor(
    private readonly container: Docker.Container,
    private readonly signal: AbortSignal,
  ) {}

  /** Identifies the container on its host. */
  get id(): string {
    return this.container.id;
  }

  /** Runs a program to its end and gives its code and output. Throws {@link ToolFailed}. */
  async run(
    command: readonly string[],
    options: RunOptions = {},
  ): Promise<{ code: number; stdout: string }> {
    const chunks: Buffer[] = [];
    const output = this.stream(command, options);
    for (;;) {
      const { done, value } = await output.next();
      if (done) return { code: value, stdout: Buffer.concat(chunks).toString("utf8") };
      chunks.push(value);
    }
  }

  /**
   * Runs a program and gives its output as it comes, no faster than it is read; then its exit code.
   *
   * Throws {@link ToolFailed} after the last of it.
   */
  async *stream(
    command: readonly string[],
    { input, accept = [], onComplaint }: RunOptions = {},
  ): AsyncGenerator<Buffer, number> {
    this.signal.throwIfAborted();
    const exec = await this.container.exec({
      Cmd: [...command],
      AttachStdin: input !== undefined,
      AttachStdout: true,
      AttachStderr: true,
    });
    const connection = await exec.start({ hijack: true, stdin: input !== undefined });
    const end = () => connection.destroy(this.signal.reason);
    this.signal.addEventListener("abort", end, { once: true });
    let complaints = "";
    try {
      if (input !== undefined) feed(connection, input);
      for await (const { output, data } of frames(connection)) {
        if (output === "stdout") yield data;
        else {
          complaints = (complaints + data.toString("utf8")).slice(-COMPLAINTS_KEPT);
          onComplaint?.(data.toString("utf8"));
        }
      }
    } finally {
      this.signal.removeEventListener("abort", end);
      connection.destroy();
    }
    const code = await this.exitCode(exec);
    if (code !== 0 && !accept.includes(code)) {
      throw new ToolFailed(command, code, complaints.trim());
    }
    return code;
  }

  private async exitCode(exec: Docker.Exec): Promise<number> {
    this.signal.throwIfAborted();
    const { ExitCode, Running } = await exec.inspect();
    // The connection ended and the program did not: somebody cut one from the other.
    if (Running || ExitCode === null) throw new Error("the connection to Docker was lost");
    return ExitCode;
  }
}

/** A program may end before it has read everything; its exit code tells whether that is right. */
function feed(connection: Duplex, input: string | AsyncIterable<string | Uint8Array>): void {
  connection.on("error", () => {});
  const source = typeof input === "string" ? Readable.from([input]) : Readable.from(input);
  source.on("error", (error) => connection.destroy(error));
  source.pipe(connection);
}

async function create(
  docker: Docker,
  image: string,
  { stack, mounts, capabilities, network = "none" }: ToolsContainerArgs,
): Promise<Docker.Container> {
  const labels = stack === undefined ? { "doom.role": "tools" } : dockerLabels(stack, "tools");
  return docker.createContainer({
    name: toolsContainerName(stack, randomBytes(4).toString("hex")),
    Image: image,
    Labels: { ...labels, [OWNER]: JSON.stringify(ownLock()) },
    OpenStdin: true,
    StdinOnce: true,
    HostConfig: {
      AutoRemove: true,
      NetworkMode: network,
      CapDrop: ["ALL"],
      CapAdd: [...capabilities],
      SecurityOpt: ["no-new-privileges:true"],
      Mounts: mounts.map(asMount),
    },
  });
}

function asMount({ kind, from, at, readOnly }: ToolsMount): Docker.MountSettings {
  const place = { Source: from, Target: at, ReadOnly: readOnly };
  return kind === "directory"
    ? { ...place, Type: "bind", BindOptions: { Propagation: "rprivate" } }
    : // Else the engine would put the image's files, and its owner, into an empty volume.
      { ...place, Type: "volume", VolumeOptions: { NoCopy: true } as never };
}

/** The label that says whose a container is, as a lock does. */
export const OWNER = "doom.owner";

/**
 * Removes containers whose run no longer exists.
 *
 * A killed run's container ends by itself; one that was not started yet, or that a stopped engine left,
 * does not.
 */
export async function removeStrayContainers(docker: Docker): Promise<void> {
  const all = await docker.listContainers({ all: true, filters: { label: ["doom.role=tools"] } });
  const strays = all.filter(({ Labels }) => judgeLockText(Labels[OWNER] ?? "").kind === "stale");
  await Promise.all(strays.map(({ Id }) => remove(docker.getContainer(Id))));
}

/** Removes it, running or not, and waits until its volumes are free. */
async function remove(container: Docker.Container): Promise<void> {
  try {
    await container.remove({ force: true, v: true });
  } catch (error) {
    const code = (error as { statusCode?: number }).statusCode;
    if (code === 404) return;
    // The engine is removing it already; when that is done before the wait begins, there is nothing to wait for.
    if (code !== 409) throw dockerFailure(error);
    await container.wait({ condition: "removed" }).catch(() => {});
  }
}

/** Ends the work when its caller wants that, or when Docker no longer answers. */
class Watch {
  readonly signal: AbortSignal;
  private readonly lost = new AbortController();
  private readonly timer: NodeJS.Timeout;

  constructor(docker: Docker, signal: AbortSignal | undefined) {
    this.signal =
      signal === undefined ? this.lost.signal : AbortSignal.any([signal, this.lost.signal]);
    this.timer = setInterval(() => {
      docker.ping().catch((error: unknown) => this.lost.abort(dockerFailure(error)));
    }, WATCH_MS);
    this.timer.unref();
  }

  /** Whether Docker has stopped to answer. */
  get isLost(): boolean {
    return this.lost.signal.aborted;
  }

  stop(): void {
    clearInterval(this.timer);
  }
}

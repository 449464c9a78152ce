import { Duplex, PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import type Docker from "dockerode";

/**
 * Programs in a running container, through the engine: works on a remote host too, and for containers
 * that publish nothing and have no way out. Nothing secret belongs on these command lines: the engine
 * shows them to whoever may look at it.
 */

/** What a program printed and how it ended. */
export interface ExecResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ExecOptions {
  /** `uid:gid` or a name; the container's own user by default. */
  readonly user?: string;
  /** When the program is ended; at most 12, since the engine's client gives up after 15 s of silence. */
  readonly seconds: number;
}

/** How long the engine may take to say that a program has ended. */
const GRACE_MS = 3000;
const POLL_MS = 50;

/**
 * Runs a program of the container's image in it; needs its `timeout`.
 *
 * A program that fails, is missing (127) or takes too long (124) is a result. Throws an Error when the
 * engine cannot run it.
 */
export async function runInContainer(
  container: Docker.Container,
  command: readonly string[],
  { user = "", seconds }: ExecOptions,
): Promise<ExecResult> {
  const exec = await container.exec({
    Cmd: ["timeout", "--kill-after=1", String(seconds), ...command],
    User: user,
    AttachStdout: true,
    AttachStderr: true,
  });
  const raw = await exec.start({});
  const { stdout, stderr } = split(container, raw);
  raw.once("error", (error) => {
    stdout.destroy(error);
    stderr.destroy(error);
  });
  const late = new Error(`${command[0]} did not end within ${seconds} s`);
  const timer = setTimeout(() => raw.destroy(late), seconds * 1000 + GRACE_MS);
  try {
    const [out, errors] = await Promise.all([text(stdout), text(stderr)]);
    return { code: await exitCode(exec), stdout: out, stderr: errors };
  } finally {
    clearTimeout(timer);
  }
}

/** The engine notes the code shortly after the program's output has ended. */
async function exitCode(exec: Docker.Exec): Promise<number> {
  for (let waited = 0; waited < GRACE_MS; waited += POLL_MS) {
    const { Running, ExitCode } = await exec.inspect();
    if (!Running && ExitCode !== null) return ExitCode;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error("the engine does not say how a program ended");
}

/** Says "connected", then carries bytes between its own input and output and a port until either ends. */
const PUMP = `
exec 3<>"/dev/tcp/$1/$2" 4<&0 || exit
printf connected
cat <&3 &
cat <&4 >&3 &
wait -n
kill $(jobs -p) 2>/dev/null`;

/** Somebody without rights: a connection needs none. */
const NOBODY = "65534:65534";

/**
 * Opens a connection from within the container to a TCP port, on its own loopback address unless another
 * host is named; needs bash and cat in the image. Throws an Error with the system's reason where nothing
 * listens.
 */
export async function connectInContainer(
  container: Docker.Container,
  port: number,
  host = "127.0.0.1",
): Promise<Duplex> {
  const exec = await container.exec({
    Cmd: ["bash", "-c", PUMP, "bash", host, String(port)],
    User: NOBODY,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
  });
  const raw = await exec.start({ hijack: true, stdin: true });
  const { stdout, stderr } = split(container, raw);
  const words = await firstWords(raw, stdout, stderr);
  if (words !== "connected") {
    raw.destroy();
    throw new Error(`cannot connect to port ${port} in the container: ${words.split("\n")[0]}`);
  }
  const connection = new Duplex({
    read: () => stdout.resume(),
    write: (chunk, encoding, done) => raw.write(chunk, encoding, done),
    final: (done) => raw.end(done),
    destroy: (error, done) => {
      raw.destroy();
      done(error);
    },
  });
  stdout.on("data", (chunk) => {
    if (!connection.push(chunk)) stdout.pause();
  });
  stdout.once("end", () => connection.push(null));
  raw.once("error", (error) => connection.destroy(error));
  return connection;
}

/** What a program says first, on either output. */
function firstWords(raw: Duplex, stdout: PassThrough, stderr: PassThrough): Promise<string> {
  return new Promise((resolve, reject) => {
    const take = (chunk: Buffer) => {
      stdout.pause();
      resolve(chunk.toString().trim());
    };
    stdout.once("data", take);
    stderr.once("data", take);
    raw.once("error", reject);
    raw.once("close", () => resolve("it ended without a word"));
  });
}

/** The two outputs of a program, which the engine sends as one stream. */
function split(container: Docker.Container, raw: Duplex) {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  (container.modem as Docker["modem"]).demuxStream(raw, stdout, stderr);
  raw.once("close", () => {
    stdout.end();
    stderr.end();
  });
  return { stdout, stderr };
}

import type { Duplex } from "node:stream";
import type Docker from "dockerode";

/** A program in a container that has the caller's terminal, or its input and outputs where there is none. */

export interface TerminalRequest {
  readonly command: readonly string[];
  /** `uid:gid`. */
  readonly user: string;
  readonly folder: string;
  /** `NAME=value`; no secrets: the engine shows them. */
  readonly variables: readonly string[];
}

const POLL_MS = 50;

/** Runs it to its end; gives its exit code. Throws an Error when the engine cannot run it. */
export async function runInTerminal(
  container: Docker.Container,
  { command, user, folder, variables }: TerminalRequest,
): Promise<number> {
  const { stdin, stdout, stderr } = process;
  const tty = stdin.isTTY === true && stdout.isTTY === true;
  const exec = await container.exec({
    Cmd: [...command],
    User: user,
    WorkingDir: folder,
    Env: [...variables],
    Tty: tty,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
  });
  const stream = await exec.start({ hijack: true, stdin: true, Tty: tty });
  const resize = () => exec.resize({ h: stdout.rows, w: stdout.columns });
  if (tty) {
    stream.pipe(stdout, { end: false });
    stdin.setRawMode(true);
    stdout.on("resize", resize);
    await resize();
  } else (container.modem as Docker["modem"]).demuxStream(stream, stdout, stderr);
  stdin.pipe(stream);
  try {
    await ended(stream);
  } finally {
    stdin.unpipe(stream);
    if (tty) {
      stdout.off("resize", resize);
      stdin.setRawMode(false);
    }
    // Input that is still listened to would keep this process.
    stdin.pause();
  }
  return exitCode(exec);
}

function ended(stream: Duplex): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.once("end", resolve);
    stream.once("close", resolve);
    stream.once("error", reject);
  });
}

/** The engine notes the code shortly after the program's output has ended. */
async function exitCode(exec: Docker.Exec): Promise<number> {
  for (let looks = 0; looks < 60; looks += 1) {
    const { Running, ExitCode } = await exec.inspect();
    if (!Running && ExitCode !== null) return ExitCode;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error("the engine does not say how the program ended");
}

import { setTimeout as wait } from "node:timers/promises";
import type Docker from "dockerode";
import { judgeJoining, parseTailnetStatus, type TailnetStatus } from "../checks/tailnet";
import { dockerName } from "../config/names";
import { TAILSCALE_KEY } from "../config/tailscale";
import { runInContainer } from "./containerExec";
import { lastLogLines } from "./containerLog";
import { connectDocker } from "./dockerHost";
import { Failure } from "./failure";

/** Whether an environment's node is in its tailnet. */

const STATUS = [
  "tailscale",
  "--socket=/run/tailscale/tailscaled.sock",
  "status",
  "--json",
  "--peers=false",
];
/** The image's own: also whether the node serves. */
const CHECK = ["/usr/local/bin/healthcheck"];
const EXEC_SECONDS = 10;
const LOG_LINES = 5;

/** What the node in a running container says of itself; undefined while it does not answer. */
export async function askTailnet(container: Docker.Container): Promise<TailnetStatus | undefined> {
  const { State } = await container.inspect();
  if (!State.Running || State.Restarting) return undefined;
  const { code, stdout } = await runInContainer(container, STATUS, { seconds: EXEC_SECONDS });
  return code === 0 ? parseTailnetStatus(stdout) : undefined;
}

/**
 * What a node says once it has read its state; out of reach of its control server one with an identity says NoState.
 *
 * Throws an Error when it does not do that in time.
 */
export async function awaitIdentity(
  container: Docker.Container,
  timeout: number,
): Promise<TailnetStatus> {
  for (const end = Date.now() + timeout; Date.now() < end; await wait(POLL_MS)) {
    const status = await askTailnet(container);
    if (status !== undefined && (status.hasIdentity || status.state !== "NoState")) return status;
  }
  throw new Error(`tailscaled has not read its state within ${timeout / 1000} s`);
}

export interface JoinRequest {
  readonly stack: string;
  /** Name or ID of the container. */
  readonly container: string;
  readonly hasKey: boolean;
  /** How long it may take, in milliseconds. */
  readonly timeout: number;
}

const POLL_MS = 500;

/**
 * Waits until the node is in its tailnet and serves what it has to, or waits for a key that it has not been given.
 *
 * Throws a {@link Failure} with the control server's words when it refuses the node, and with what is known when
 * the time is over.
 */
export async function awaitTailnet(
  docker: Docker,
  request: JoinRequest,
): Promise<{ readonly joined: boolean; readonly status: TailnetStatus }> {
  const container = docker.getContainer(request.container);
  const end = Date.now() + request.timeout;
  let last = "tailscaled does not answer";
  while (Date.now() < end) {
    const status = await askTailnet(container);
    if (status !== undefined) {
      const { code, stdout } = await runInContainer(container, CHECK, { seconds: EXEC_SECONDS });
      // What the image has noted stays, when tailscaled itself has forgotten it.
      const complaints = [...status.complaints, stdout.trim()];
      const judged = judgeJoining({ ...status, complaints }, request.hasKey);
      if (judged.kind === "waiting") return { joined: false, status };
      if (judged.kind === "refused") throw notJoined(request, judged.reason);
      if (judged.kind === "joined" && code === 0) return { joined: true, status };
      last = judged.kind === "underway" ? judged.reason : stdout.trim();
    }
    await wait(POLL_MS);
  }
  const lines = await lastLogLines(container, LOG_LINES, []);
  throw notJoined(request, `not within ${request.timeout / 1000} s: ${last}`, lines);
}

function notJoined({ stack }: JoinRequest, reason: string, lines: readonly string[] = []): Failure {
  return new Failure("unhealthy", `${stack} cannot join its tailnet: ${reason}`, {
    problems: lines,
    fix: `when the key is invalid, expired or used up, set another one (npx doom secrets set ${stack} ${TAILSCALE_KEY}); else see whether the control server is reached: docker logs ${dockerName(stack, "tailscale")}`,
  });
}

const JOIN_MS = 90_000;

/** Runs as a command of the stack, after its container was made: `DOOM_STACK`, `DOOM_KEY` (given, none). */
async function main(): Promise<void> {
  const { DOOM_STACK: stack, DOOM_KEY: key } = process.env;
  if (!stack) throw new Error("DOOM_STACK is not set");
  if (key !== "given" && key !== "none")
    throw new Error(`DOOM_KEY: got ${JSON.stringify(key)}; allowed: given, none`);
  const { joined, status } = await awaitTailnet(await connectDocker(), {
    stack,
    container: dockerName(stack, "tailscale"),
    hasKey: key === "given",
    timeout: JOIN_MS,
  });
  const { id, name, addresses } = status;
  process.stdout.write(JSON.stringify({ joined, ...(joined ? { id, name, addresses } : {}) }));
  if (!joined)
    process.stderr.write(
      `${stack} waits for an auth key of its tailnet: npx doom secrets set ${stack} ${TAILSCALE_KEY}\n`,
    );
}

if (require.main === module) {
  main().catch((error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  });
}

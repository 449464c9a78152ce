import { text } from "node:stream/consumers";
import type Docker from "dockerode";
import { judgeState } from "../checks/containerState";
import { sessionCookies } from "../checks/editorEnvironment";
import { extensionDifferences } from "../checks/extensionList";
import { connectInContainer } from "./containerExec";
import { lastLogLines } from "./containerLog";
import { connectDocker, dockerFailure } from "./dockerHost";
import { checkEditor } from "./editorChecks";
import { extensionsOf } from "./extensions";
import { errorText } from "./failure";
import { type GateInput, parseGateInput } from "./gateInput";
import { type CheckVerdict, Deadline, Verdicts } from "./gateVerdict";
import { writeThroughVolume } from "./volumeCheck";

/** Whether one running code-server container does all that its user needs, proven by using it. */

export const CHECKS = [
  "container",
  "login",
  "workbench",
  "websocket",
  "volume",
  "uptime",
  "extensions",
] as const;

export interface GateResult {
  /** As it was asked for. */
  readonly container: string;
  readonly passed: boolean;
  /** One for each of {@link CHECKS}, in that order. */
  readonly checks: readonly CheckVerdict[];
  readonly milliseconds: number;
  /** The container's last lines, without secrets; only when a check has failed. */
  readonly log?: readonly string[];
}

/** Where the editor listens inside its container. */
const PORT = 8443;
const REQUEST_MS = 15_000;
const POLL_MS = 250;
const LOG_LINES = 20;
/** How long the engine may take to tell that a container has ended in which something no longer works. */
const ENDING_MS = 2000;

/** One run of the gate. */
interface Gate {
  readonly input: GateInput;
  readonly container: Docker.Container;
  readonly deadline: Deadline;
  readonly verdicts: Verdicts;
  /** The engine's clock minus ours, in milliseconds. */
  readonly clockOffset: number;
}

/**
 * Asks a container everything that it has to do after an upgrade, a restore or a migration.
 *
 * It goes through the engine and the container's own network: the container may publish no port, be on a
 * network without a way in or out, and run on another machine. Throws a Failure when the engine does
 * not answer; whatever else goes wrong is a verdict. Leaves nothing behind but the folder that was
 * opened last written down anew (`data/coder.json`) and the time of change of `data`.
 */
export async function deepGate(input: GateInput): Promise<GateResult> {
  const start = performance.now();
  const gate = await openGate(input);
  const { verdicts } = gate;
  const first = await verdicts.run("container", () => untilHealthy(gate));
  if (first === undefined) verdicts.skip(CHECKS.slice(1), "the container does not serve");
  else await askAll(gate, first);
  return {
    container: input.container,
    passed: verdicts.passed,
    checks: CHECKS.flatMap((name) => verdicts.checks.filter((check) => check.name === name)),
    milliseconds: Math.round(performance.now() - start),
    ...(verdicts.passed ? {} : { log: await logOf(gate) }),
  };
}

async function openGate(input: GateInput): Promise<Gate> {
  try {
    const docker = await connectDocker();
    const { SystemTime } = (await docker.info()) as { SystemTime: string };
    return {
      input,
      container: docker.getContainer(input.container),
      deadline: new Deadline(input.timeoutSeconds),
      verdicts: new Verdicts([input.loginHash]),
      clockOffset: Date.parse(SystemTime) - Date.now(),
    };
  } catch (error) {
    throw dockerFailure(error);
  }
}

async function askAll(gate: Gate, first: Docker.ContainerInspectInfo): Promise<void> {
  const { container, deadline, verdicts, input } = gate;
  await Promise.all([
    checkEditor({
      verdicts,
      url: `http://127.0.0.1:${PORT}/`,
      connection: {
        connect: () => connectInContainer(container, PORT),
        timeout: () => deadline.left(REQUEST_MS),
      },
      cookies: sessionCookies(first.Config.Env, input.loginHash),
    }),
    verdicts.run("volume", () => writeThroughVolume(container)),
  ]);
  const runs = await verdicts.run("uptime", () => untilOldEnough(gate, first));
  // Last, since an editor that has just started may still be at work on its list.
  if (runs) await verdicts.run("extensions", () => compareExtensions(gate));
  else verdicts.skip(["extensions"], "the container does not run as it did");
}

/** Waits until the container's own check has passed; fails at once where that cannot happen any more. */
async function untilHealthy({ container, deadline, input }: Gate) {
  for (let first: Docker.ContainerInspectInfo | undefined; ; await pause()) {
    const info = await inspect(container);
    first ??= info;
    const { kind, evidence } = judgeState(info, first);
    if (kind === "healthy") return { evidence, value: info };
    if (kind === "failed") throw await lastWord(container, first, evidence);
    if (deadline.isOver) throw new Error(`${evidence}, after ${input.timeoutSeconds} s`);
  }
}

async function untilOldEnough(gate: Gate, first: Docker.ContainerInspectInfo) {
  const { container, deadline, input, verdicts, clockOffset } = gate;
  const since = performance.now();
  for (; ; await pause()) {
    const info = await inspect(container);
    const { kind, evidence } = judgeState(info, first);
    if (kind !== "healthy") throw await lastWord(container, first, evidence);
    const seconds = (Date.now() + clockOffset - Date.parse(info.State.StartedAt)) / 1000;
    // Where another check has failed, only the end of the container is waited for, which may be the reason.
    const isLong = performance.now() - since >= ENDING_MS || deadline.isOver;
    if (verdicts.passed ? seconds >= input.uptimeSeconds : isLong)
      return { evidence: `has run for ${Math.floor(seconds)} s`, value: true };
    if (deadline.isOver) throw new Error(`has run for ${Math.floor(seconds)} s only`);
  }
}

/** The engine tells that a container has ended a moment before it tells that its memory was the reason. */
async function lastWord(
  container: Docker.Container,
  first: Docker.ContainerInspectInfo,
  evidence: string,
): Promise<Error> {
  await pause();
  const again = judgeState(await inspect(container), first);
  return new Error(again.kind === "failed" ? again.evidence : evidence);
}

async function inspect(container: Docker.Container): Promise<Docker.ContainerInspectInfo> {
  try {
    return await container.inspect();
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode !== 404) throw error;
    throw new Error(`there is no container ${container.id}`);
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

async function compareExtensions({ container, input }: Gate) {
  const found = await extensionsOf(container);
  const differences = extensionDifferences(input.extensions, found);
  if (differences.length > 0) throw new Error(differences.join(", "));
  return { evidence: `${found.length} installed, as expected` };
}

/** Without lines the verdicts still count, so the reason stands in their place. */
async function logOf({ container, input }: Gate): Promise<string[]> {
  try {
    return await lastLogLines(container, LOG_LINES, [input.loginHash]);
  } catch (error) {
    return [`(no log: ${errorText(error)})`];
  }
}

/** The exit code for a container that does not pass, as `doom` has it for what is unhealthy. */
const NOT_PASSED = 10;

/** Runs alone: JSON on standard input, since it holds a secret; the result as JSON. */
async function main(): Promise<void> {
  const result = await deepGate(parseGateInput(await text(process.stdin)));
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  if (!result.passed) process.exitCode = NOT_PASSED;
}

if (require.main === module) {
  main().catch((error: unknown) => {
    process.stderr.write(`deep gate: ${errorText(error)}\n`);
    process.exitCode = 1;
  });
}

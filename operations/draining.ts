import { setTimeout as wait } from "node:timers/promises";
import type Docker from "dockerode";
import { routedEditor } from "../checks/haproxyStats";
import { BALANCER } from "../config/gateway";
import { dockerName } from "../config/names";
import { MAX_INSTANCES } from "../config/schema";
import { passwordName } from "../config/secrets";
import { connectDocker } from "./dockerHost";
import { askHaproxy, proxyStats } from "./haproxyRuntime";

/** What the operation is told. */
export interface DrainingInput {
  readonly stack: string;
  /** How many editors there are to be. */
  readonly instances: number;
}

/** Reads the operation's variables. Throws with the name of the one that cannot be used. */
export function readDraining(environment: NodeJS.ProcessEnv): DrainingInput {
  const { DOOM_STACK: stack, DOOM_INSTANCES: given } = environment;
  if (!stack) throw new Error("DOOM_STACK: has to be set");
  const instances = Number(given);
  if (!/^[1-9]\d*$/.test(given ?? "") || instances > MAX_INSTANCES)
    throw new Error(`DOOM_INSTANCES: got ${JSON.stringify(given)}; allowed: 1 to ${MAX_INSTANCES}`);
  return { stack, instances };
}

/** The commands that make HAProxy send new visitors to the first `instances` editors only. */
export function drainCommands(instances: number): string[] {
  return numbers(1, MAX_INSTANCES).map((index) => {
    const state = index <= instances ? "ready" : "drain";
    return `set server ${BALANCER}/${passwordName(index)} state ${state}`;
  });
}

/** What is under way (a file that is being sent) gets this long; an open window would stay for days. */
const PATIENCE_MS = 10_000;
const POLL_MS = 250;

/**
 * Sends no new visitor to the editors above `instances`, and waits until nobody is at them any more, or 10 s.
 *
 * Gives the editors at which somebody still was. Throws an Error when HAProxy does not do as it is told.
 */
export async function drain(
  gateway: Docker.Container,
  { instances }: DrainingInput,
): Promise<string[]> {
  const answer = (await askHaproxy(gateway, drainCommands(instances))).trim();
  if (answer !== "") throw new Error(`HAProxy refuses it: ${answer.split("\n")[0]}`);
  const leaving = numbers(instances + 1, MAX_INSTANCES).map(passwordName);
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const lines = await proxyStats(gateway);
    const busy = leaving.filter((name) => (routedEditor(lines, name, BALANCER)?.sessions ?? 0) > 0);
    if (busy.length === 0 || Date.now() > end) return busy;
    await wait(POLL_MS);
  }
}

function numbers(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, position) => first + position);
}

/** Without a running gateway nobody is at any editor. */
async function runningGateway(stack: string): Promise<Docker.Container | undefined> {
  const container = (await connectDocker()).getContainer(dockerName(stack, "gateway"));
  try {
    return (await container.inspect()).State.Running ? container : undefined;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}

/** Runs as a command of the stack. */
async function main(): Promise<void> {
  const input = readDraining(process.env);
  const gateway = await runningGateway(input.stack);
  const busy = gateway === undefined ? [] : await drain(gateway, input);
  for (const name of busy) process.stdout.write(`${name} is stopped while somebody has it open\n`);
}

if (require.main === module) {
  main().catch((error: Error) => {
    process.stderr.write(`cannot drain: ${error.message}\n`);
    process.exitCode = 1;
  });
}

import { setTimeout as wait } from "node:timers/promises";
import {
  type ContainerStatus,
  type EnvironmentStatus,
  environmentStatus,
} from "../../operations/environmentStatus";
import { type EnvironmentUse, environmentUse } from "../../operations/environmentUse";
import { Failure } from "../../operations/failure";
import { findProject } from "../../operations/project";
import { table } from "../text";
import { restingLines } from "./status";

/** Between two looks; each of them takes about two seconds itself. */
const PAUSE_MS = 1000;
/** Cursor home, and everything below it gone. */
const CLEAR = "\u001b[H\u001b[J";
const MEBIBYTE = 1024 * 1024;

/** Where it is shown: `process.stdout`. */
interface Target {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/**
 * `doom status <stack> --watch`: instances, sessions, limits and use, again and again until it is interrupted.
 *
 * On a terminal it overwrites what it showed; with `json` each look is one line with one document.
 */
export async function watchStatus(
  stack: string | undefined,
  json: boolean,
  target: Target = process.stdout,
): Promise<never> {
  if (stack === undefined) {
    throw new Failure("usage", "--watch needs the name of one environment.", {
      fix: "npx doom status shows which there are",
    });
  }
  const project = findProject();
  for (;;) {
    const status = await environmentStatus(project, stack);
    const use = await environmentUse(stack);
    const text = json
      ? JSON.stringify({ command: "status", stack, environment: status, use })
      : describeUse(status, use, new Date());
    target.write(`${target.isTTY && !json ? CLEAR : ""}${text}\n`);
    await wait(PAUSE_MS);
  }
}

/** One look, as text. */
export function describeUse(status: EnvironmentStatus, use: EnvironmentUse, time: Date): string {
  const { stack, condition, url, containers, resting, notes } = status;
  const clock = time.toTimeString().slice(0, 8);
  const head = ["", "state", "health", "sessions", "CPUs", "memory (MiB)", ""];
  return [
    `${clock}  ${stack} is ${condition}${url === undefined ? "" : `: ${url}`}`,
    ...(containers.length === 0
      ? []
      : [table([head, ...containers.map((container) => row(container, use))])]),
    ...restingLines(stack, resting),
    ...(use.trafficProblem === undefined ? [] : [`  note: ${use.trafficProblem}`]),
    ...notes.map((note) => `  note: ${note}`),
  ].join("\n");
}

function row({ name, state, health }: ContainerStatus, use: EnvironmentUse): string[] {
  const traffic = use.traffic[name];
  const found = use.containers.find((container) => container.name === name);
  const mebibytes = (bytes: number) => String(Math.round(bytes / MEBIBYTE));
  return [
    `  ${name}`,
    state,
    health ?? "",
    traffic ? String(traffic.sessions) : "",
    found ? `${found.cpus?.toFixed(2) ?? "?"} of ${found.cpuLimit}` : "",
    found
      ? `${found.memoryBytes === undefined ? "?" : mebibytes(found.memoryBytes)} of ${mebibytes(found.memoryLimitBytes)}`
      : "",
    traffic && !traffic.takesVisitors ? "takes no new visitors" : "",
  ];
}

import path from "node:path";
import type { Comparison } from "../../checks/benchVerdict";
import { engine, isHealthy, waitForContainer } from "../support/dockerHost";
import { addressOf, startEchoApp } from "../support/echoApp";
import { EditorClient } from "../support/editorClient";
import type { StackOutputs } from "../support/liveEnvironment";
import { startProject } from "../support/liveProject";
import { alternate, timesOf } from "./alternate";
import type { BenchContext, Group } from "./group";
import type { LoadRequest, LoadResult } from "./loadProcess";
import { timeProcess } from "./process";

const SECONDS = 5;
/** Of all editors together. */
const CONNECTIONS = 10;
const EDITOR_PORT = 8443;

/** Requests and WebSockets through the gateway, and past it. */
export const loadGroup: Group = {
  name: "load",
  summary:
    "throughput and 99th percentile through the gateway against direct access, HTTP and WebSocket",
  rounds: 5,
  remark:
    "per answer: time divided by answers, of all connections together. Reported without a bound: each editor has a quarter of a CPU and the gateway half of one, so that the ratio says which of them runs out first. Held to is that no request fails. The load comes from a process of its own on this machine.",
  measure,
};

async function measure(context: BenchContext): Promise<Comparison[]> {
  const resources = { cpus: 0.25, memory: "320MiB" };
  const project = await startProject({
    one: { resources },
    five: { resources, instances: 5 },
  });
  try {
    const comparisons: Comparison[] = [];
    for (const name of ["one", "five"]) {
      const environment = project.environment(name);
      context.report(`bringing up ${name}`);
      await environment.up();
      const outputs = await environment.outputs();
      comparisons.push(...(await compare(environment.stack, outputs, context)));
      if (name === "five") await survive(environment.stack, outputs, context);
      await environment.doom("down", environment.stack);
    }
    return comparisons;
  } finally {
    await project.dispose();
  }
}

interface Target {
  readonly url: string;
  readonly cookie: string;
}

/** Each editor through the gateway and past it, with an app in it and a visitor who is logged in. */
async function targetsOf(stack: string, { url, instances, passwords, networks }: StackOutputs) {
  const through: Target[] = [];
  const direct: Target[] = [];
  for (const { index, container } of instances) {
    const app = await startEchoApp(container);
    const visitor = new EditorClient(url);
    visitor.cookies.set(`doom-${stack}`, `code-server-${index}`);
    await visitor.login(passwords[index] ?? "");
    const cookie = [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const address = await addressOf(container, networks.internal.name);
    through.push({ url: `${url}${app}`, cookie });
    direct.push({ url: `http://${address}:${EDITOR_PORT}/${app}`, cookie });
  }
  return { through, direct };
}

async function load(
  kind: LoadRequest["kind"],
  targets: readonly Target[],
  context: BenchContext,
  seconds = SECONDS,
): Promise<LoadResult> {
  const connections = CONNECTIONS / targets.length;
  const request: LoadRequest = { kind, targets, connections, seconds };
  const { stdout } = await timeProcess({
    command: process.execPath,
    arguments: [path.join(__dirname, "loadProcess.js"), JSON.stringify(request)],
    folder: __dirname,
    environment: process.env,
    signal: context.signal,
  });
  return JSON.parse(stdout) as LoadResult;
}

async function compare(
  stack: string,
  outputs: StackOutputs,
  context: BenchContext,
): Promise<Comparison[]> {
  const { through, direct } = await targetsOf(stack, outputs);
  const contestant = (name: string, targets: readonly Target[]) => ({
    name,
    round: async () => {
      const times: Record<string, number> = {};
      for (const kind of ["http", "websocket"] as const) {
        const result = await load(kind, targets, context);
        if (result.failures > 0) throw new Error(`${kind} ${name}: ${result.failures} failures`);
        times[`${kind} per answer`] = 1000 / result.perSecond;
        times[`${kind} 99 %`] = result.p99;
      }
      return times;
    },
  });
  const [gateway, past] = [contestant("gateway", through), contestant("direct", direct)];
  // Without a clock: what is asked for the first time is made first.
  for (const { round } of [gateway, past]) await round();
  const timings = await alternate([gateway, past], context.rounds, context.report);
  return ["http", "websocket"].flatMap((kind) =>
    [`${kind} per answer`, `${kind} 99 %`].map((part) => ({
      figure: `${part} of ${through.length}`,
      ours: timesOf(timings, gateway.name, part),
      peer: past.name,
      theirs: timesOf(timings, past.name, part),
      unit: "fewMilliseconds" as const,
    })),
  );
}

const OUTAGE_SECONDS = 30;

/** One editor is killed and comes back under load on the others. Throws unless all of that is answered. */
async function survive(stack: string, outputs: StackOutputs, context: BenchContext): Promise<void> {
  const { through } = await targetsOf(stack, outputs);
  const others = through.slice(0, -1);
  const victim = outputs.instances.at(-1)?.container ?? "";
  const loads = [
    load("http", others.slice(0, 2), context, OUTAGE_SECONDS),
    load("websocket", others.slice(2), context, OUTAGE_SECONDS),
  ];
  await new Promise((resolve) => setTimeout(resolve, 3000));
  await engine.getContainer(victim).kill();
  await new Promise((resolve) => setTimeout(resolve, 10_000));
  await engine.getContainer(victim).start();
  await waitForContainer(victim, isHealthy);
  for (const [kind, { answers, failures }] of (await Promise.all(loads)).entries()) {
    context.report(
      `${kind === 0 ? "HTTP" : "WebSocket"} while another editor was killed and came back: ${answers} answers, ${failures} failures`,
    );
    if (failures > 0) throw new Error("an editor that was killed disturbed the others");
  }
}

import { randomBytes } from "node:crypto";
import { connect as connectTcp } from "node:net";
import type { Duplex } from "node:stream";
import type Docker from "dockerode";
import { environmentProblems, formatProblems } from "../checks/dataFormats";
import type { Declaration } from "../checks/declaredContainers";
import { sessionCookies } from "../checks/editorEnvironment";
import {
  type Interop,
  type InteropCheck,
  type InteropTask,
  tasksOf,
  undeclaredPairs,
} from "../checks/interop";
import { supportProblems } from "../checks/support";
import type { EnvironmentConfig } from "../config/schema";
import { connectInContainer, runInContainer } from "./containerExec";
import { connectDocker, dockerAddress } from "./dockerHost";
import { checkEditor, openWorkbench } from "./editorChecks";
import { EditorClient } from "./editorClient";
import { errorText } from "./failure";
import { Verdicts } from "./gateVerdict";
import {
  checkHttp,
  checkTls,
  negotiatesHttp,
  open,
  type ProtocolPlace,
  refusesUnknownHttp,
} from "./protocolChecks";
import { proveReachability, type ReachabilityProof } from "./reachability";
import { LOGIN_HASH } from "./services/codeServer";
import { withToolsContainer } from "./toolsContainer";
import { secretOf } from "./verification";

/**
 * The compatibility matrix: whether all that have something to say to each other do get on, tried from where
 * each of them is, and nobody else gets anywhere.
 */

export interface InteropRequest {
  /** What each environment declares, by its stack: as it stands in the file, and checked. */
  readonly environments: ReadonlyMap<string, { raw: unknown; config: EnvironmentConfig }>;
  readonly report?: (step: string) => void;
  readonly signal?: AbortSignal;
}

export interface InteropProof extends Interop {
  readonly engineVersion: string;
}

const TIMEOUT_MS = 15_000;
const HEALTH_PATH = "/healthz";

/** What all checks of one environment are given. */
interface Place {
  readonly docker: Docker;
  readonly proof: ReachabilityProof;
  readonly declaration: Declaration;
  readonly raw: unknown;
  readonly config: EnvironmentConfig;
}

/** One check, with a way to connect from where it starts. */
interface Attempt extends Place {
  readonly task: InteropTask;
  readonly connect: () => Promise<Duplex>;
}

/**
 * Tries every declared pair in every declared way, and every other pair.
 *
 * Opens the workbench as a browser does, so that the editor notes its folder as the one that was opened last.
 * Throws a Failure when Docker does not answer or nothing runs; whatever does not work is a result.
 */
export async function proveInterop(request: InteropRequest): Promise<InteropProof> {
  const { environments, report = () => {}, signal } = request;
  const proof = await proveReachability({
    environments: new Map([...environments].map(([stack, { config }]) => [stack, config])),
    report,
    ...(signal === undefined ? {} : { signal }),
  });
  report("asking each for what it speaks");
  const docker = await connectDocker();
  const places = proof.declarations.map((declaration) => {
    const { raw, config } = environments.get(declaration.stack) as {
      raw: unknown;
      config: EnvironmentConfig;
    };
    return { docker, proof, declaration, raw, config };
  });
  const checks = await Promise.all(places.map((place) => checkEnvironment(place, signal)));
  return {
    engineVersion: proof.engineVersion,
    checks: checks.flat(),
    undeclared: undeclaredPairs(proof.declarations, proof.answered),
  };
}

/** One after the other from each place, side by side from all of them. */
async function checkEnvironment(
  place: Place,
  signal: AbortSignal | undefined,
): Promise<InteropCheck[]> {
  const tasks = tasksOf(place.declaration);
  const sources = [...new Set(tasks.map(({ from }) => from))];
  const results = await Promise.all(
    sources.map((source) => {
      const own = tasks.filter(({ from }) => from === source);
      return source === "operator"
        ? inTurn(place, own, async () => connectTo(place.declaration.door))
        : fromContainer(place, source, own, signal);
    }),
  );
  return results.flat();
}

async function fromContainer(
  place: Place,
  source: string,
  tasks: readonly InteropTask[],
  signal: AbortSignal | undefined,
): Promise<InteropCheck[]> {
  const { docker, declaration } = place;
  const { stack } = declaration;
  try {
    const { Id } = await docker.getContainer(source).inspect();
    const network = `container:${Id}`;
    const container = { stack, mounts: [], capabilities: [], network };
    return await withToolsContainer(
      { ...container, ...(signal === undefined ? {} : { signal }) },
      (tools) =>
        inTurn(place, tasks, ({ to }) => {
          const [port] = portsOf(declaration, to);
          return connectInContainer(docker.getContainer(tools.id), port as number, to);
        }),
    );
  } catch (error) {
    signal?.throwIfAborted();
    // What cannot be tried has not passed.
    const evidence = `not tried: ${errorText(error)}`;
    return tasks.map((task) => ({ ...task, passed: false, evidence }));
  }
}

function portsOf({ containers }: Declaration, name: string): readonly number[] {
  return containers.find((container) => container.name === name)?.ports ?? [];
}

async function inTurn(
  place: Place,
  tasks: readonly InteropTask[],
  connect: (task: InteropTask) => Promise<Duplex>,
): Promise<InteropCheck[]> {
  const checks: InteropCheck[] = [];
  for (const task of tasks) {
    const attempt = { ...place, task, connect: () => connect(task) };
    try {
      checks.push({ ...task, passed: true, evidence: await tryOne(attempt) });
    } catch (error) {
      const [evidence = ""] = errorText(error).split("\n");
      checks.push({ ...task, passed: false, evidence });
    }
  }
  return checks;
}

/** Gives what was seen; throws an Error with what was missed. */
async function tryOne(attempt: Attempt): Promise<string> {
  const { task } = attempt;
  const { parties, way } = task;
  if (parties[1] === "docker") return dockerCheck(attempt);
  switch (way) {
    case "name":
    case "tcp":
      return parties[0] === "operator" ? publishedPort(attempt) : reached(attempt, way);
    case "http":
      return checkHttp(serverOf(attempt));
    case "tls":
      return checkTls(serverOf(attempt));
    case "websocket":
      return webSocket(attempt);
    case "version":
      return parties[1] === "gateway" ? gatewayVersion(attempt) : editorVersion(attempt);
    case "data":
      return parties[0] === "operator" ? configuration(attempt) : sharedFiles(attempt);
  }
}

function serverOf({ task, connect, declaration }: Attempt): ProtocolPlace {
  return { connect, tls: task.parties[1] === "gateway" && declaration.door.tls, path: HEALTH_PATH };
}

/** What the reachability proof has seen already. */
function reached({ task, proof }: Attempt, way: "name" | "tcp"): string {
  const cells = proof.answered.filter(
    ({ cell }) =>
      cell.from === task.from &&
      cell.to === task.to &&
      cell.expected === "open" &&
      (way === "name" ? cell.via === "name" : cell.via === "address" && cell.ask === "nothing"),
  );
  const bad = cells.find(({ problem }) => problem !== undefined);
  if (bad) throw new Error(`${bad.cell.target}: ${bad.problem}`);
  if (cells.length === 0) throw new Error("nothing was asked");
  return cells
    .map(({ cell, result }) =>
      way === "name"
        ? `${cell.target} is ${result.resolved?.join(", ")}`
        : `${cell.target}:${cell.port}`,
    )
    .join(", ");
}

function connectTo({ address, port }: { address: string; port: number }): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host: address, port });
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error("no answer in time")));
    socket.once("connect", () => resolve(socket)).once("error", reject);
  });
}

async function publishedPort({ connect, declaration: { door } }: Attempt): Promise<string> {
  (await connect()).destroy();
  return `${door.address}:${door.port}`;
}

/** A version that no engine has, as what is to be refused. */
const UNKNOWN_API = "9.99";

async function dockerCheck({ task, docker }: Attempt): Promise<string> {
  if (task.way === "version") return dockerVersion();
  const answer = String(await docker.ping());
  return task.way === "tcp" ? `${dockerAddress()} answers` : `GET /_ping: ${answer}`;
}

/** The engine's version is supported, and it refuses one that it does not have. */
export async function dockerVersion(): Promise<string> {
  const { ApiVersion } = await (await connectDocker()).version();
  const [problem] = supportProblems({ "docker-api": ApiVersion });
  if (problem !== undefined) throw new Error(problem);
  const unknown = await connectDocker(TIMEOUT_MS, UNKNOWN_API);
  const refusal = await unknown.version().then(
    () => undefined,
    (error: unknown) => error as { statusCode?: number },
  );
  if (refusal?.statusCode !== 400) {
    throw new Error(
      `API ${UNKNOWN_API} is not refused: ${refusal ? errorText(refusal) : "it answers"}`,
    );
  }
  return `API ${ApiVersion}; ${UNKNOWN_API} refused`;
}

async function gatewayVersion(attempt: Attempt): Promise<string> {
  const server = serverOf(attempt);
  const refused = await refusesUnknownHttp(server);
  return server.tls ? `${await negotiatesHttp(server)}; ${refused}` : refused;
}

/** Somebody who is logged in to the editor at the other end, or to the first one behind a gateway. */
async function owner(attempt: Attempt): Promise<EditorClient> {
  const { docker, task, declaration } = attempt;
  const isGateway = task.parties[1] === "gateway";
  const first = declaration.containers.find(({ role }) => role === "code-server");
  const info = await docker.getContainer(isGateway ? (first?.name ?? "") : task.to).inspect();
  const server = serverOf(attempt);
  const client = new EditorClient("http://127.0.0.1/", { connect: () => open(server) });
  for (const [name, value] of sessionCookies(info.Config.Env, secretOf(info, LOGIN_HASH)))
    client.cookies.set(name, value);
  // The gateway would lead to any editor.
  if (isGateway) client.cookies.set(`doom-${declaration.stack}`, "code-server-1");
  return client;
}

/** With the client of the deep gate: login page, workbench, the handshake's proof, and VS Code's own answer. */
async function webSocket(attempt: Attempt): Promise<string> {
  const { url, cookies } = await owner(attempt);
  const server = serverOf(attempt);
  const verdicts = new Verdicts([...cookies.values()].filter((value) => value.includes("argon2")));
  await checkEditor({
    verdicts,
    url,
    connection: { connect: () => open(server), timeout: () => TIMEOUT_MS },
    cookies,
  });
  const bad = verdicts.checks.find(({ passed }) => !passed);
  if (bad) throw new Error(`${bad.name}: ${bad.evidence}`);
  return verdicts.checks.at(-1)?.evidence ?? "";
}

/** Which version the workbench says that it is. */
async function editorVersion(attempt: Attempt): Promise<string> {
  const { value: page } = await openWorkbench(await owner(attempt));
  const { image } = attempt.config;
  return judgeEditorPage(page, "version" in image ? image.version : undefined);
}

/** Throws an Error when a workbench page names no version, another than the declared one, or an unsupported one. */
export function judgeEditorPage(page: string, declared: string | undefined): string {
  const version = /codeServerVersion(?:&quot;|"):(?:&quot;|")([^&"]+)/.exec(page)?.[1];
  if (version === undefined) throw new Error("the workbench names no version of code-server");
  if (declared !== undefined && version !== declared) {
    throw new Error(`code-server ${version} answers, declared is ${declared}`);
  }
  const [problem] = declared === undefined ? [] : supportProblems({ "code-server": version });
  if (problem !== undefined) throw new Error(problem);
  return `code-server ${version}`;
}

/** The configuration is the same in each format, and its values are what programs in the container see. */
async function configuration({ docker, task, raw, config }: Attempt): Promise<string> {
  const { variables, timeZone, logLevel, user } = config;
  const declared = {
    ...variables,
    TZ: timeZone,
    LOG_LEVEL: logLevel,
    PUID: String(user.puid),
    PGID: String(user.pgid),
  };
  const lost = formatProblems({ environment: raw, variables: declared });
  if (lost.length > 0) throw new Error(lost.join(", "));
  const found = await runInContainer(docker.getContainer(task.to), ["env", "-0"], { seconds: 10 });
  if (found.code !== 0) throw new Error(`env ended with ${found.code}: ${found.stderr}`);
  const problems = environmentProblems(declared, found.stdout);
  if (problems.length > 0) throw new Error(problems.join(", "));
  return `YAML, JSON and ${Object.keys(declared).length} variables the same`;
}

/** What one writes among the editor's files, the other reads as it is, and both ways. */
async function sharedFiles({ docker, task, config: { user } }: Attempt): Promise<string> {
  const owner = `${user.puid}:${user.pgid}`;
  const content = `it's "quoted" = $HOME # Grüße 日本語\n${randomBytes(8).toString("hex")}`;
  const file = `/config/.doom-interop-${randomBytes(4).toString("hex")}`;
  const run = async (name: string, command: readonly string[]) => {
    const result = await runInContainer(docker.getContainer(name), command, {
      user: owner,
      seconds: 10,
    });
    if (result.code !== 0) throw new Error(`${command[0]} in ${name}: ${result.stderr.trim()}`);
    return result.stdout;
  };
  for (const [writer, reader] of [
    [task.from, task.to],
    [task.to, task.from],
  ] as const) {
    try {
      await run(writer, ["sh", "-c", 'printf %s "$1" > "$2"', "sh", content, file]);
      if ((await run(reader, ["cat", file])) !== content) {
        throw new Error(`${reader} reads something else than ${writer} has written`);
      }
    } finally {
      await run(writer, ["rm", "-f", file]);
    }
  }
  return "written by one, read by the other, both ways";
}

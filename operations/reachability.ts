import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import type Docker from "dockerode";
import { type Declaration, declarationOf } from "../checks/declaredContainers";
import { RepeatedProof } from "../checks/isolationProblems";
import { judge, type ProbeResult, type Reachability } from "../checks/reachability";
import { type Cell, cellsOf, HOST, type Station } from "../checks/reachabilityCells";
import { sharedThings } from "../checks/sharedThings";
import type { EnvironmentConfig } from "../config/schema";
import { connectDocker } from "./dockerHost";
import { Failure } from "./failure";
import { type ContainerStation, type IsolationFacts, isolationFacts } from "./isolationFacts";
import { withToolsContainer } from "./toolsContainer";
import { ensureToolsImage } from "./toolsImage";

/**
 * The reachability proof: who reaches whom between the running containers of environments and the host,
 * found out by trying it from inside each one's network.
 *
 * In each network namespace a container of our own answers with an identity and probes all others
 * (images/tools/lib/reach.mjs), so that nothing is needed in the images, and a Docker host that is another
 * machine is no different.
 */

export interface ReachabilityRequest {
  /** What each environment declares, by its stack. */
  readonly environments: ReadonlyMap<string, EnvironmentConfig>;
  /** Told what is done. */
  readonly report?: (step: string) => void;
  readonly signal?: AbortSignal;
}

export interface ReachabilityProof extends Reachability {
  readonly declarations: readonly Declaration[];
  readonly engineVersion: string;
  /** The containers that were asked from, and the host. */
  readonly stations: readonly string[];
}

/** Far more than it takes: names that nobody answers for end after 5 s. */
const SECONDS = 120;
/** The last datagram is waited for that long. */
const PAUSE_MS = 2000;

/**
 * The host's ends of containers' links: those of others come and go while a proof runs, and what listens on the host
 * is asked for on its bridges.
 */
const PASSING = /^veth/;

const PROGRAM = ["node", "/usr/local/lib/tools/reach.mjs"];

/** How often everything is asked when probes fail, as they do on a host with too much to do. */
const ATTEMPTS = 3;

/**
 * Tries everything; once more when nothing speaks against the isolation but what may be otherwise then
 * ({@link RepeatedProof}). Leaves nothing behind.
 *
 * Throws a {@link Failure} when Docker does not answer, nothing runs, or it takes too long.
 */
export async function proveReachability(request: ReachabilityRequest): Promise<ReachabilityProof> {
  const repeated = new RepeatedProof();
  for (let attempt = 1; ; attempt += 1) {
    const proof = await proveOnce(request);
    if (!repeated.isInconclusive(proof) || attempt === ATTEMPTS)
      return { ...proof, exposures: [...proof.exposures, ...repeated.momentary(proof)] };
    request.report?.("asking again what is in doubt");
  }
}

/** {@link proveReachability}, without a second attempt. */
export async function proveOnce(request: ReachabilityRequest): Promise<ReachabilityProof> {
  const { environments, report = () => {}, signal } = request;
  const stacks = [...environments.keys()];
  const docker = await connectDocker();
  const facts = await isolationFacts(docker, stacks);
  refuseNothing(facts, stacks);
  report("preparing the tools image");
  await ensureToolsImage({ report, ...(signal === undefined ? {} : { signal }) });
  const declarations = [...environments].map(([stack, config]) => declarationOf(stack, config));
  report(`asking from ${facts.stations.length} containers and the host`);
  const { stations, cells, results } = await probeAll(facts, declarations, signal);
  const shared = sharedThings(facts.things, stacks);
  await refuseChanged(docker, facts, stacks);
  return {
    ...judge({ stations, declarations, cells, results, shared }),
    declarations,
    engineVersion: facts.engineVersion,
    stations: stations.map(({ name }) => name),
  };
}

function refuseNothing({ stations }: IsolationFacts, stacks: readonly string[]): void {
  const idle = stacks.filter((name) => !stations.some(({ stack }) => stack === name));
  if (idle.length === 0) return;
  throw new Failure("unhealthy", `Nothing runs of ${idle.join(", ")}: there is nothing to prove.`, {
    fix: `npx doom up ${idle[0]}`,
  });
}

/** A container that came or went meanwhile makes the table one of no moment at all. */
async function refuseChanged(
  docker: Docker,
  before: IsolationFacts,
  stacks: readonly string[],
): Promise<void> {
  const after = await isolationFacts(docker, stacks);
  const ids = ({ stations }: IsolationFacts) => stations.map(({ id }) => id).join();
  if (ids(after) === ids(before)) return;
  throw new Failure("unhealthy", "Containers came or went while the proof ran.", {
    fix: "run it again when nothing changes",
  });
}

interface Announcement {
  readonly addresses: readonly { address: string; link: string }[];
  readonly listeners: readonly { address: string; port: number }[];
  readonly ports: { readonly tcp: number; readonly udp: number };
}

const HOST_STATION: ContainerStation = {
  id: "",
  name: HOST,
  names: [],
  networks: {},
  published: [],
  isHost: true,
};

async function probeAll(
  facts: IsolationFacts,
  declarations: readonly Declaration[],
  outer: AbortSignal | undefined,
) {
  const known = [...facts.stations, HOST_STATION];
  const failed = new AbortController();
  const late = AbortSignal.timeout(SECONDS * 1000);
  const signals = [failed.signal, late, ...(outer === undefined ? [] : [outer])];
  const signal = AbortSignal.any(signals);
  const order = known.map(({ name }) => name);
  const meeting = new Meeting<Station, Cell[]>(known.length, (members) => {
    members.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
    return cellsOf({ stations: members, declarations });
  });
  const all = new Meeting<Station, true>(known.length, () => true);
  const cancel = (error: unknown) => {
    // The others would wait for it for ever.
    failed.abort(error);
    meeting.cancel(error);
    all.cancel(error);
  };
  late.addEventListener("abort", () => cancel(tooLate()), { once: true });
  const answers = await Promise.all(
    known.map((station) =>
      ask(facts, station, signal, meeting, all).catch((error: unknown) => {
        const reason = late.aborted ? tooLate() : error;
        cancel(reason);
        throw reason;
      }),
    ),
  );
  const cells = await meeting.result;
  const results = new Map(answers.flatMap((own) => own.answers));
  const pauses = new Map(answers.map(({ name, longestPause }) => [name, longestPause]));
  return {
    stations: meeting.members,
    cells,
    results: cells.map((cell) =>
      unlessPaused(cell, results.get(cell) as ProbeResult, pauses.get(cell.to) ?? 0),
    ),
  };
}

function tooLate(): Failure {
  return new Failure("isolation", `The proof did not end within ${SECONDS} s.`, {
    fix: "run it again when the Docker host has less to do",
  });
}

/** Datagrams are answered by a program, not by the kernel: when it had no time, silence says nothing. */
function unlessPaused(
  { protocol, via }: Cell,
  result: ProbeResult,
  longestPause: number,
): ProbeResult {
  const isSilent = protocol === "udp" && via === "address" && result.outcome === "TIMEOUT";
  if (!isSilent || longestPause < PAUSE_MS) return result;
  return { outcome: "ERROR", detail: `its target could not answer for ${longestPause} ms` };
}

/** What one station has found out. */
interface Asked {
  readonly name: string;
  /** For how long it could not have answered to others, at the longest, in milliseconds. */
  readonly longestPause: number;
  readonly answers: readonly (readonly [Cell, ProbeResult])[];
}

/** One station: says who is there, waits for all others, asks, and answers until all have asked. */
async function ask(
  facts: IsolationFacts,
  known: ContainerStation,
  signal: AbortSignal,
  meeting: Meeting<Station, Cell[]>,
  asked: Meeting<Station, true>,
): Promise<Asked> {
  const network = known.isHost ? "host" : `container:${known.id}`;
  const place = known.stack === undefined ? {} : { stack: known.stack };
  const container = { ...place, mounts: [], capabilities: [], network, signal };
  return withToolsContainer(container, async (tools) => {
    const identity = `${known.name}/${randomBytes(8).toString("hex")}`;
    const input = new Lines();
    const output = linesOf(tools.stream(PROGRAM, { input }));
    const next = async <T>() => {
      const { done, value } = await output.next();
      if (done) throw new Error(`the station of ${known.name} ended without an answer`);
      return JSON.parse(value) as T;
    };
    input.say({ identity, isListening: !known.isHost });
    const there = await next<Announcement>();
    const addresses = there.addresses.filter(
      ({ address, link }) =>
        !known.isHost || !(facts.foreignGateways.includes(address) || PASSING.test(link)),
    );
    const station = { ...known, ...there, addresses, identity };
    const own = (await meeting.join(station)).filter(({ from }) => from === known.name);
    input.say(
      own.map(({ target, port, protocol, family, ask }) => ({
        target,
        port,
        protocol,
        family,
        ask,
      })),
    );
    const results = await next<ProbeResult[]>();
    await asked.join(station);
    input.end();
    const { longestPause } = await next<{ longestPause: number }>();
    // Reads to the end, and so hears of a program that failed.
    await output.next();
    return {
      name: known.name,
      longestPause,
      answers: own.map((cell, index) => [cell, results[index] as ProbeResult] as const),
    };
  });
}

/** Where a number of parties wait for each other, and for what comes of them all. */
class Meeting<T, R> {
  readonly members: T[] = [];
  readonly result: Promise<R>;
  private resolve!: (result: R) => void;
  private reject!: (error: unknown) => void;

  constructor(
    private readonly size: number,
    private readonly conclude: (members: T[]) => R,
  ) {
    this.result = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // Whoever still waits hears of it; nobody has to.
    this.result.catch(() => {});
  }

  join(member: T): Promise<R> {
    this.members.push(member);
    if (this.members.length === this.size) this.resolve(this.conclude(this.members));
    return this.result;
  }

  cancel(error: unknown): void {
    this.reject(error);
  }
}

async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<string, void> {
  let rest = "";
  for await (const chunk of chunks) {
    const lines = (rest + chunk.toString("utf8")).split("\n");
    rest = lines.pop() as string;
    yield* lines;
  }
}

/** JSON documents, one a line, as they are said. */
class Lines implements AsyncIterable<string> {
  private readonly stream = new Readable({ read: () => {} });

  say(document: unknown): void {
    this.stream.push(`${JSON.stringify(document)}\n`);
  }

  end(): void {
    this.stream.push(null);
  }

  [Symbol.asyncIterator](): AsyncIterator<string> {
    return this.stream[Symbol.asyncIterator]();
  }
}

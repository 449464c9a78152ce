import { performance } from "node:perf_hooks";
import autocannon from "autocannon";
import { WebSocket } from "ws";

/**
 * Load from a process of its own, so that what it costs is not measured with what makes it. Reads a
 * {@link LoadRequest} from its command line and prints a {@link LoadResult}.
 */
export interface LoadRequest {
  readonly kind: "http" | "websocket";
  /** Asked at the same time, each over `connections` connections. */
  readonly targets: readonly { readonly url: string; readonly cookie: string }[];
  readonly connections: number;
  readonly seconds: number;
}

export interface LoadResult {
  /** Answers in a second, of all targets together. */
  readonly perSecond: number;
  /** 99th percentile of the time until the answer, in milliseconds; of the slowest target. */
  readonly p99: number;
  readonly answers: number;
  /** Answers other than 2xx, connections that failed, and requests without an answer. */
  readonly failures: number;
}

async function loadHttp(
  { connections, seconds }: LoadRequest,
  { url, cookie }: LoadRequest["targets"][number],
): Promise<LoadResult> {
  const result = await autocannon({ url, connections, duration: seconds, headers: { cookie } });
  const { requests, latency, errors, timeouts, non2xx } = result;
  return {
    perSecond: requests.total / result.duration,
    p99: latency.p99,
    answers: requests.total - non2xx,
    failures: errors + timeouts + non2xx,
  };
}

/** Each connection sends a message and waits for it to come back, over and over. */
async function loadWebSocket(
  { connections, seconds }: LoadRequest,
  { url, cookie }: LoadRequest["targets"][number],
): Promise<LoadResult> {
  const times: number[] = [];
  let failures = 0;
  const sockets = await Promise.all(
    Array.from({ length: connections }, () => openSocket(url, cookie)),
  );
  const began = performance.now();
  const end = began + seconds * 1000;
  await Promise.all(
    sockets.map(async (socket) => {
      while (performance.now() < end) {
        const sent = performance.now();
        try {
          await roundTrip(socket);
        } catch {
          failures += 1;
          return;
        }
        times.push(performance.now() - sent);
      }
      socket.terminate();
    }),
  );
  const passed = (performance.now() - began) / 1000;
  times.sort((a, b) => a - b);
  const p99 = times[Math.floor(times.length * 0.99)] ?? Number.NaN;
  return { perSecond: times.length / passed, p99, answers: times.length, failures };
}

function openSocket(url: string, cookie: string): Promise<WebSocket> {
  const { origin } = new URL(url);
  const socket = new WebSocket(url.replace(/^http/, "ws"), {
    origin,
    headers: { cookie },
    perMessageDeflate: false,
  });
  return new Promise((resolve, reject) => {
    socket.once("open", () => resolve(socket)).once("error", reject);
  });
}

function roundTrip(socket: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = () => reject(new Error("closed"));
    socket.once("close", fail);
    socket.once("message", () => {
      socket.off("close", fail);
      resolve();
    });
    socket.send("a message of an editor is seldom longer than this one is");
  });
}

async function main(): Promise<void> {
  const request = JSON.parse(process.argv[2] ?? "") as LoadRequest;
  const load = request.kind === "http" ? loadHttp : loadWebSocket;
  const results = await Promise.all(request.targets.map((target) => load(request, target)));
  const sum = (of: (result: LoadResult) => number) =>
    results.reduce((total, result) => total + of(result), 0);
  const result: LoadResult = {
    perSecond: sum(({ perSecond }) => perSecond),
    p99: Math.max(...results.map(({ p99 }) => p99)),
    answers: sum(({ answers }) => answers),
    failures: sum(({ failures }) => failures),
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

if (require.main === module) {
  main().catch((error: unknown) => {
    process.stderr.write(`load: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
}

// @ts-check
import { createSocket } from "node:dgram";
import { Resolver } from "node:dns/promises";
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { connect, createServer, isIPv6 } from "node:net";
import { networkInterfaces } from "node:os";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

/**
 * A station of the reachability proof (operations/reachability.ts): runs in the network namespace of one
 * container, or of the host, answers there with its name, and tries to reach others from there.
 *
 * Standard input, one JSON document a line: first who it is, then what to probe. Standard output, the same:
 * first what there is in this namespace, then one result for each probe. It listens until its input ends, and then
 * says how long it could not have answered.
 *
 * @typedef {object} Probe
 * @property {string} target an address, or a name
 * @property {number} port
 * @property {"tcp" | "udp"} protocol
 * @property {4 | 6} family of the address that a name is looked up for
 * @property {"identity" | "http" | "https" | "nothing"} ask what is asked where a connection is accepted
 *
 * @typedef {object} Result
 * @property {"OPEN" | "REFUSED" | "TIMEOUT" | "DNS" | "ERROR"} outcome
 * @property {string} [detail] the system's code, where it says more than the outcome
 * @property {string} [who] what the listener called itself: its identity, or the names of its cookies
 * @property {string[]} [resolved] the addresses of the name
 *
 * @typedef {{ address: string, port: number }} Listener
 */

/** A lost first packet is sent again after one and after three seconds. */
const CONNECT_MS = 4000;
/** How long whoever has accepted may take to say who it is. */
const IDENTITY_MS = 10_000;
const NAME_MS = 5000;
/** A datagram is sent several times, since nobody repeats it where it is lost. */
const DATAGRAMS = [0, 500, 1500, 3000];
const DATAGRAM_MS = 5000;
/**
 * A timer that is this much late says that this program had no time on the processors: then an answer may be
 * there and not have been looked at, and silence means nothing.
 */
const LATE_MS = 1000;
const ATTEMPTS = 3;
/** Probes at a time: all at once, they would take the time from each other. */
const AT_A_TIME = 64;

/** Codes by which the kernel, or somebody on the way, says no; all others are not understood. */
const REFUSALS = new Set(["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "EADDRNOTAVAIL"]);
/** Codes of a name that has no address of the family, or that no name server would or could tell. */
const NO_NAME = new Set([
  "ENOTFOUND",
  "ENODATA",
  "ESERVFAIL",
  "EREFUSED",
  "ETIMEOUT",
  "ECONNREFUSED",
]);

/**
 * What an error of a connection attempt means. A probe that failed by itself is an ERROR.
 *
 * @param {unknown} error
 * @returns {Result}
 */
export function resultOf(error) {
  const code = String(/** @type {{ code?: unknown }} */ (error).code);
  if (code === "ECONNREFUSED") return { outcome: "REFUSED" };
  if (REFUSALS.has(code)) return { outcome: "REFUSED", detail: code };
  if (code === "ETIMEDOUT") return { outcome: "TIMEOUT" };
  return { outcome: "ERROR", detail: `${code}: ${/** @type {Error} */ (error).message}` };
}

/**
 * The TCP ports of /proc/net/tcp or tcp6 that others than the namespace itself can connect to.
 *
 * @param {string} text
 * @returns {Listener[]}
 */
export function listenersOf(text) {
  const LISTEN = "0A";
  return text
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state]) => state === LISTEN)
    .map(([, local = ""]) => {
      const [address = "", port = ""] = local.split(":");
      return { address: addressOf(address), port: Number.parseInt(port, 16) };
    })
    .filter(({ address }) => !/^(127\.|::1$|::ffff:127\.)/.test(address));
}

/**
 * The kernel writes an address as words in the machine's own order: little-endian.
 *
 * @param {string} hex
 */
function addressOf(hex) {
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) => [...Buffer.from(word, "hex")].reverse());
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((bytes[2 * index] ?? 0) << 8) | (bytes[2 * index + 1] ?? 0)).toString(16),
  );
  if (/^(0:){5}ffff:/.test(groups.join(":"))) return `::ffff:${bytes.slice(12).join(".")}`;
  if (groups.every((group) => group === "0")) return "::";
  return groups.slice(0, 7).every((group) => group === "0") && groups[7] === "1"
    ? "::1"
    : groups.join(":");
}

/**
 * Tries it, and again where the attempt itself failed.
 *
 * @param {Probe} probe
 * @returns {Promise<Result>}
 */
export async function reach(probe) {
  for (let attempt = 1; ; attempt += 1) {
    const result = await tryOnce(probe);
    if (result.outcome !== "ERROR" || attempt === ATTEMPTS) return result;
  }
}

/**
 * @param {Probe} probe
 * @returns {Promise<Result>}
 */
async function tryOnce(probe) {
  const { target, family } = probe;
  if (/^[\d.]+$/.test(target) || isIPv6(target.split("%")[0] ?? "")) return reachAddress(probe);
  const start = performance.now();
  try {
    const resolver = new Resolver({ timeout: NAME_MS, tries: 1 });
    const resolved = await (family === 6 ? resolver.resolve6(target) : resolver.resolve4(target));
    const [first = ""] = resolved;
    return { ...(await reachAddress({ ...probe, target: first })), resolved };
  } catch (error) {
    const code = String(/** @type {{ code?: unknown }} */ (error).code);
    const hadNoTime = code === "ETIMEOUT" && performance.now() - start > NAME_MS + LATE_MS;
    if (!NO_NAME.has(code) || hadNoTime) return { outcome: "ERROR", detail: code };
    return code === "ENOTFOUND" ? { outcome: "DNS" } : { outcome: "DNS", detail: code };
  }
}

/**
 * @param {Probe} probe
 * @returns {Promise<Result>}
 */
async function reachAddress(probe) {
  const result = await (probe.protocol === "udp" ? sendTo(probe) : connectTo(probe));
  if (result.outcome !== "OPEN" || !probe.ask.startsWith("http")) return result;
  const who = await askForCookies(probe);
  return who === "" ? result : { ...result, who };
}

/**
 * Says TIMEOUT after a time, when what has come in until then was looked at.
 *
 * @param {number} milliseconds
 * @param {(result: Result) => void} end
 */
function silence(milliseconds, end) {
  const start = performance.now();
  return setTimeout(() => {
    const late = performance.now() - start - milliseconds;
    // After what the kernel has for us, which is looked at between timers and this.
    setImmediate(() =>
      end(
        late < LATE_MS
          ? { outcome: "TIMEOUT" }
          : {
              outcome: "ERROR",
              detail: `no time to look for an answer (${Math.round(late)} ms late)`,
            },
      ),
    );
  }, milliseconds);
}

/**
 * @param {Probe} probe
 * @returns {Promise<Result>}
 */
function connectTo({ target, port, ask }) {
  return new Promise((resolve) => {
    let isOpen = false;
    let who = "";
    const socket = connect({ host: target, port });
    /** @param {Result} result */
    const end = (result) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(who === "" ? result : { ...result, who });
    };
    let timer = silence(CONNECT_MS, end);
    socket.on("connect", () => {
      isOpen = true;
      clearTimeout(timer);
      timer = setTimeout(() => end({ outcome: "OPEN" }), IDENTITY_MS);
      if (ask !== "identity") end({ outcome: "OPEN" });
    });
    socket.on("data", (chunk) => {
      who += chunk.toString();
    });
    socket.on("end", () => end({ outcome: "OPEN" }));
    // Who accepts and then breaks off was reached.
    socket.on("error", (error) => end(isOpen ? { outcome: "OPEN" } : resultOf(error)));
  });
}

/**
 * @param {Probe} probe
 * @returns {Promise<Result>}
 */
function sendTo({ target, port }) {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(target.split("%")[0] ?? "") ? "udp6" : "udp4");
    /** @type {NodeJS.Timeout[]} */
    const timers = [];
    /** @param {Result} result */
    const end = (result) => {
      for (const timer of timers) clearTimeout(timer);
      socket.removeAllListeners().on("error", () => {});
      socket.close();
      resolve(result);
    };
    timers.push(silence(DATAGRAM_MS, end));
    socket.on("error", (error) => end(resultOf(error)));
    socket.on("message", (message) => end({ outcome: "OPEN", who: message.toString() }));
    // Connected, because only then the kernel reports that nobody is there.
    socket.connect(port, target);
    socket.on("connect", () => {
      for (const wait of DATAGRAMS) {
        timers.push(setTimeout(() => socket.send("who are you?"), wait));
      }
    });
  });
}

/**
 * The names of the cookies that a web server sets on its health page; empty when it gives none.
 *
 * @param {Probe} probe
 * @returns {Promise<string>}
 */
function askForCookies({ target, port, ask }) {
  return new Promise((resolve) => {
    const options = {
      host: target,
      port,
      path: "/healthz",
      agent: false,
      timeout: CONNECT_MS,
      rejectUnauthorized: false,
    };
    const request = (ask === "https" ? https : http).get(options, (response) => {
      response.resume();
      const lines = response.headers["set-cookie"] ?? [];
      resolve(lines.map((line) => line.split("=", 1)[0]).join(" "));
    });
    request.on("timeout", () => request.destroy());
    // Whatever it is, it is not one of ours.
    request.on("error", () => resolve(""));
  });
}

/** The addresses of this namespace without its loopback; a link-local one only means something on a link. */
function ownAddresses() {
  return Object.entries(networkInterfaces()).flatMap(([link, addresses = []]) =>
    addresses
      .filter(({ internal }) => !internal)
      .map(({ address, family }) => ({ link, address, family: family === "IPv6" ? 6 : 4 })),
  );
}

/**
 * Answers with `identity`, on all addresses of this namespace unless one is given.
 *
 * @param {string} identity
 * @param {string} address
 * @returns {Promise<{ tcp: number, udp: number }>} the ports
 */
export async function answer(identity, address = "0.0.0.0") {
  const server = createServer((socket) => socket.on("error", () => {}).end(identity));
  const datagrams = createSocket("udp4");
  datagrams.on("message", (_, sender) => datagrams.send(identity, sender.port, sender.address));
  await new Promise((resolve, reject) =>
    server.on("error", reject).listen(0, address, () => resolve(undefined)),
  );
  await new Promise((resolve, reject) =>
    datagrams.on("error", reject).bind(0, address, () => resolve(undefined)),
  );
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  server.unref();
  return { tcp: port, udp: datagrams.unref().address().port };
}

function listeners() {
  return ["tcp", "tcp6"].flatMap((table) => {
    try {
      return listenersOf(readFileSync(`/proc/net/${table}`, "utf8"));
    } catch (error) {
      // A kernel without IPv6 has no such table.
      if (/** @type {{ code?: string }} */ (error).code === "ENOENT") return [];
      throw error;
    }
  });
}

/**
 * @param {Probe[]} probes
 * @returns {Promise<Result[]>} in the order of the probes
 */
async function reachAll(probes) {
  /** @type {Result[]} */
  const results = [];
  const rest = probes.entries();
  const work = async () => {
    for (const [index, probe] of rest) results[index] = await reach(probe);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  return results;
}

/**
 * Watches how long this program had to wait for the processors.
 *
 * @returns {() => number} the longest time so far, in milliseconds
 */
function watchPauses() {
  const STEP = 100;
  let longest = 0;
  let last = performance.now();
  setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last - STEP);
    last = now;
  }, STEP).unref();
  return () => Math.round(longest);
}

/** @param {unknown} document */
function say(document) {
  process.stdout.write(`${JSON.stringify(document)}\n`);
}

async function main() {
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value);
  const { identity, isListening } = await next();
  const there = { addresses: ownAddresses(), listeners: listeners() };
  say({ ...there, ports: isListening ? await answer(identity) : { tcp: 0, udp: 0 } });
  const longestPause = watchPauses();
  say(await reachAll(await next()));
  await lines.next();
  say({ longestPause: longestPause() });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await main();

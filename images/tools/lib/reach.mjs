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
 * first what there is in this namespace, then one result for each probe. It listens until its input ends.
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
const NAME_MS = 5000;
/** A datagram is sent several times, since nobody repeats it where it is lost. */
const DATAGRAMS = [0, 500, 1500];

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
 * @param {Probe} probe
 * @returns {Promise<Result>}
 */
export async function reach(probe) {
  const { target, family } = probe;
  if (/^[\d.]+$/.test(target) || isIPv6(target.split("%")[0] ?? "")) return reachAddress(probe);
  try {
    const resolver = new Resolver({ timeout: NAME_MS, tries: 1 });
    const resolved = await (family === 6 ? resolver.resolve6(target) : resolver.resolve4(target));
    const [first = ""] = resolved;
    return { ...(await reachAddress({ ...probe, target: first })), resolved };
  } catch (error) {
    const code = String(/** @type {{ code?: unknown }} */ (error).code);
    if (!NO_NAME.has(code)) return { outcome: "ERROR", detail: code };
    return code === "ENOTFOUND" ? { outcome: "DNS" } : { outcome: "DNS", detail: code };
  }
}

/** @param {Probe} probe */
async function reachAddress(probe) {
  if (probe.protocol === "udp") return sendTo(probe);
  const result = await connectTo(probe);
  if (result.outcome !== "OPEN" || !probe.ask.startsWith("http")) return result;
  const who = await askForCookies(probe);
  return who === "" ? result : { ...result, who };
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
    const timer = setTimeout(() => end({ outcome: isOpen ? "OPEN" : "TIMEOUT" }), CONNECT_MS);
    socket.on("connect", () => {
      isOpen = true;
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
    timers.push(setTimeout(() => end({ outcome: "TIMEOUT" }), CONNECT_MS));
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
  const probes = /** @type {Probe[]} */ (await next());
  say(await Promise.all(probes.map(reach)));
  await lines.next();
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await main();

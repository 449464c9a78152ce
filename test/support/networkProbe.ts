import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * What came of a connection attempt. Only a finished attempt has one of these: a probe that could not
 * run throws, so that "the probe failed" never passes for "blocked".
 */
export type Reach = "OPEN" | "REFUSED" | "UNREACHABLE" | "TIMEOUT" | "NO NAME";

/** Runs inside the network namespace, with this Node and none of the container's files. */
const PROBE = `
const [host, port, name] = process.argv.slice(1);
const say = (word) => { process.stdout.write(word); process.exit(0); };
const words = { ECONNREFUSED: "REFUSED", ENETUNREACH: "UNREACHABLE", EHOSTUNREACH: "UNREACHABLE" };
const fail = (error) => words[error.code] ? say(words[error.code]) : (console.error(error.code, error.message), process.exit(1));
const connect = (address) => {
  const socket = require("node:net").connect({ host: address, port: Number(port) });
  socket.setTimeout(2500, () => say("TIMEOUT"));
  socket.on("connect", () => say("OPEN"));
  socket.on("error", fail);
};
if (name === "name") {
  const resolver = new (require("node:dns").Resolver)({ timeout: 2000, tries: 1 });
  // Docker's own name server, as the container sees it.
  resolver.setServers(["127.0.0.11"]);
  resolver.resolve4(host, (error, addresses) => {
    if (!error) connect(addresses[0]);
    else if (["ENOTFOUND", "ENODATA", "ESERVFAIL", "EREFUSED", "ETIMEOUT"].includes(error.code)) say("NO NAME");
    else fail(error);
  });
} else connect(host);
`;

/** Tries a TCP connection from the network namespace of the process to an address and port. */
export function reach(pid: number, address: string, port: number): Promise<Reach> {
  return probe(pid, [address, String(port)]);
}

/** As {@link reach}, but to a name that the container's name server has to know. */
export function reachByName(pid: number, name: string, port: number): Promise<Reach> {
  return probe(pid, [name, String(port), "name"]);
}

function probe(pid: number, args: string[]): Promise<Reach> {
  if (!(pid > 0)) throw new Error("the container to probe from does not run");
  const command = ["-t", String(pid), "-n", process.execPath, "-e", PROBE, ...args];
  return new Promise((resolve, reject) => {
    execFile("nsenter", command, { timeout: 15_000 }, (error, stdout, stderr) => {
      if (error)
        reject(new Error(`the probe to ${args.join(":")} failed: ${stderr || error.message}`));
      else resolve(stdout as Reach);
    });
  });
}

/** The gateway of the default route in the process's network namespace, if there is such a route. */
export function defaultGateway(pid: number): string | undefined {
  const lines = readFileSync(`/proc/${pid}/net/route`, "utf8").trim().split("\n").slice(1);
  for (const line of lines) {
    const [, destination, gateway = "", , , , , mask] = line.split(/\s+/);
    // Addresses stand there as hexadecimal numbers in the machine's own order: little-endian.
    if (destination === "00000000" && mask === "00000000")
      return [...Buffer.from(gateway, "hex")].reverse().join(".");
  }
  return undefined;
}

import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { addressesCollide, type Listener, parseListeners } from "../checks/ports";
import { errorCode } from "./failure";

/** Whether an address and port of this host can be listened on, and who is in the way. */

export type PortState =
  | { readonly kind: "free" }
  /** `owner` names the process; undefined when only root can see it. */
  | { readonly kind: "taken"; readonly owner: string | undefined }
  | { readonly kind: "noSuchAddress" }
  | { readonly kind: "forbidden" };

/** Tries the address for a moment: the kernel's own answer, whatever holds the port. */
export async function portState(address: string, port: number): Promise<PortState> {
  switch (await tryListening(address, port)) {
    case undefined:
      return { kind: "free" };
    case "EADDRINUSE":
      return { kind: "taken", owner: findOwner(address, port) };
    case "EADDRNOTAVAIL":
      return { kind: "noSuchAddress" };
    default:
      return { kind: "forbidden" };
  }
}

function tryListening(address: string, port: number): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error) => {
      const code = errorCode(error);
      if (code === undefined) reject(error);
      else resolve(code);
    });
    server.listen({ host: address, port, exclusive: true }, () => {
      server.close(() => resolve(undefined));
    });
  });
}

function findOwner(address: string, port: number): string | undefined {
  const listener = ["/proc/net/tcp", "/proc/net/tcp6"]
    .flatMap(readListeners)
    .find((entry) => entry.port === port && addressesCollide(entry.address, address));
  return listener ? processWithSocket(listener.inode) : undefined;
}

function readListeners(path: string): Listener[] {
  try {
    return parseListeners(readFileSync(path, "utf8"));
  } catch (error) {
    // Other systems than Linux, or IPv6 switched off: then there is nothing to read.
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}

/** `nginx (pid 812)`; undefined when the process belongs to somebody else and we are not root. */
function processWithSocket(inode: string): string | undefined {
  const pid = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .find((candidate) => hasSocket(candidate, inode));
  if (pid === undefined) return undefined;
  return `${readFileSync(`/proc/${pid}/comm`, "utf8").trim()} (pid ${pid})`;
}

function hasSocket(pid: string, inode: string): boolean {
  const target = `socket:[${inode}]`;
  try {
    return readdirSync(`/proc/${pid}/fd`).some(
      (descriptor) => linkTarget(`/proc/${pid}/fd/${descriptor}`) === target,
    );
  } catch (error) {
    if (isHidden(error)) return false;
    throw error;
  }
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (isHidden(error)) return undefined;
    throw error;
  }
}

/** Processes end and files close while one looks, and others' files cannot be seen. */
function isHidden(error: unknown): boolean {
  return ["ENOENT", "ESRCH", "EACCES", "EPERM", "EINVAL"].includes(errorCode(error) ?? "");
}

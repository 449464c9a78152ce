// @ts-check
import { readFileSync } from "node:fs";
import { hostname } from "node:os";

/**
 * A process, told apart from a later one that was given the same number.
 * @typedef {object} ProcessIdentity
 * @property {number} pid
 * @property {string} started Kernel's start time; empty where the system has no /proc.
 */

/**
 * @param {number} pid
 * @returns {{state: string, started: string} | undefined} undefined without /proc or such a process
 */
function readProcessStatus(pid) {
  let text;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined; // No such process, or no /proc at all: the caller tells the two apart.
  }
  // proc(5): the command stands in parentheses and may hold any character; fields follow it.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0] ?? "", started: fields[19] ?? "" };
}

/**
 * @param {number} [pid] default: this process
 * @returns {ProcessIdentity}
 */
export function identifyProcess(pid = process.pid) {
  return { pid, started: readProcessStatus(pid)?.started ?? "" };
}

/**
 * Whether exactly that process still runs. A zombie does not: it can no longer touch anything, but
 * keeps its number until its parent collects it, which a container's process 1 may never do.
 * @param {ProcessIdentity} identity
 * @returns {boolean}
 */
export function isAlive(identity) {
  try {
    process.kill(identity.pid, 0);
  } catch (error) {
    // EPERM: it is there and belongs to somebody else.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EPERM") return false;
  }
  const status = readProcessStatus(identity.pid);
  if (!status) return true;
  if (status.state === "Z" || status.state === "X") return false;
  return identity.started === "" || identity.started === status.started;
}

/**
 * Names the machine and its present run, within which process numbers mean something.
 * @returns {string}
 */
export function machineIdentity() {
  let boot = "";
  try {
    boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    // Only Linux has it; the host's name has to do elsewhere.
  }
  return `${hostname()} ${boot}`.trim();
}

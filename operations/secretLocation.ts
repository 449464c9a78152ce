import { readFileSync, statfsSync } from "node:fs";
import { errorCode } from "./failure";

/** statfs(2) types of file systems that keep nothing on a disk: tmpfs and ramfs. */
const MEMORY_FILE_SYSTEMS = new Set([0x01021994, 0x858458f6]);

/** Whether `folder` is there, can be looked at, and lies in memory. */
function isInMemory(folder: string): boolean {
  try {
    return MEMORY_FILE_SYSTEMS.has(statfsSync(folder).type);
  } catch (error) {
    // XDG_RUNTIME_DIR often names a folder of another session, after `su` or in a container.
    if (["ENOENT", "ENOTDIR", "EACCES"].includes(errorCode(error) ?? "")) return false;
    throw error;
  }
}

/**
 * The folder on this host for the secret files of `stack`: memory only, and another one after each boot.
 *
 * With the boot's id in the path, the first `up` after a reboot sees that the files are gone: it writes
 * them anew and replaces the containers that mounted the old ones. Throws when the host has no
 * memory-backed folder.
 */
export function secretFolder(stack: string): string {
  const own = process.getuid?.() === 0 ? "/run" : process.env.XDG_RUNTIME_DIR;
  const candidates = [own, "/dev/shm"].filter((folder) => folder !== undefined);
  const base = candidates.find(isInMemory);
  if (base === undefined) {
    throw new Error(
      `no memory-backed folder for secrets; tried ${candidates.join(", ")}. Mount a tmpfs on one of them.`,
    );
  }
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").slice(0, 8);
  return `${base}/doom-coding/${boot}/${stack}`;
}

/** Locks that restic keeps in a repository. */

/** As `restic cat lock` gives it. */
export interface ResticLock {
  /** The host name of who took it: for a container, the beginning of its ID. */
  readonly hostname: string;
  /** ISO 8601. */
  readonly time: string;
}

/**
 * Whether who took the lock can no longer be at work: a container that its Docker host does not run.
 *
 * `running` are the IDs of all containers that run on the host whose volume the repository is in: nobody
 * else could have taken one there. A name that is no container's proves nothing.
 */
export function isDeadLock({ hostname }: ResticLock, running: readonly string[]): boolean {
  return /^[0-9a-f]{12}$/.test(hostname) && !running.some((id) => id.startsWith(hostname));
}

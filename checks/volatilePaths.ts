/**
 * What a running editor keeps changing without anybody having worked in it. A path stands for itself and
 * for everything below it; relative to the root of a data volume.
 *
 * A copy holds them like everything else. Only a comparison over time, before and after an upgrade for
 * instance, lets them differ.
 */
export const VOLATILE_PATHS: readonly string[] = [
  // Rewritten every minute while somebody works (code-server's idle detection).
  "data/heartbeat",
  ".local/share/code-server/heartbeat",
  // Made anew at each start, by which its folder gets another time.
  "data/code-server-ipc.sock",
  // Where terminals reach Claude Code, which makes it when it starts.
  "data/claude.sock",
];

/**
 * What an editor writes when it starts, without anybody having worked in it: compared across a start, these
 * may differ. Found by comparing the data before and after the start of each version.
 */
export const START_PATHS: readonly string[] = [
  ...VOLATILE_PATHS,
  "data/logs",
  "data/coder-logs",
  ".local/share/code-server/coder-logs",
  "data/CachedProfilesData",
  // The folder that was opened last, which the deep gate opens.
  "data/coder.json",
  "data/machineid",
];

/**
 * Where a window that is still open writes as soon as the editor is back, before anybody can look: besides
 * {@link START_PATHS}, these may differ on an editor that people can reach.
 */
export const SESSION_PATHS: readonly string[] = [
  ...START_PATHS,
  "data/User/workspaceStorage",
  "data/User/globalStorage",
  "data/User/History",
];

/**
 * What tailscaled writes whenever it runs, in the folder of its state: all that it keeps. Who the node is stands in
 * the first, among settings and what the control server has said last; so it is compared by itself.
 */
export const TAILSCALE_PATHS: readonly string[] = [
  "tailscaled.state",
  "tailscaled.log.conf",
  "derpmap.cached.json",
  "profile-data",
];

/** Claude Code writes nothing when its container starts; its gate makes a file and removes it, which its folder shows. */
export const CLAUDE_START_PATHS: readonly string[] = [".doom-gate"];

/**
 * Where Claude Code writes as soon as somebody opens it, which can be before anybody has looked after an upgrade. Its
 * login and the settings of its user are not among them, but for what it counts in `.claude.json` at each start.
 */
export const CLAUDE_SESSION_PATHS: readonly string[] = [
  ...CLAUDE_START_PATHS,
  ".claude.json",
  ".last-cleanup",
  "backups",
  "history.jsonl",
  "projects",
  "sessions",
  "shell-snapshots",
  "telemetry",
  "todos",
];

/** Whether `path`, as it stands in a manifest, is one of `volatile` or lies below one. */
export function isVolatile(path: string, volatile: readonly string[]): boolean {
  return volatile.some((one) => path === one || path.startsWith(`${one}/`));
}

/** Whether `path` is the folder that one of `volatile` stands in: each new one changes its time. */
export function holdsVolatile(path: string, volatile: readonly string[]): boolean {
  return volatile.some(
    (one) => path === (one.includes("/") ? one.slice(0, one.lastIndexOf("/")) : "."),
  );
}

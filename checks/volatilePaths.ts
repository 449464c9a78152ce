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
  // Made anew at each start, by which its folder gets another time.
  "data/code-server-ipc.sock",
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

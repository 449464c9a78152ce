/** What a container's environment says about the editor in it; the contract of the linuxserver.io image. */

/** The lines of an environment, `NAME=value`, as a map. */
function parseEnvironment(lines: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    lines.map((line) => {
      const at = line.indexOf("=");
      return [line.slice(0, at), line.slice(at + 1)];
    }),
  );
}

/** Who the editor runs as and whose files the volume holds, as `uid:gid`; our image's default where unset. */
export function editorUser(lines: readonly string[]): string {
  const environment = parseEnvironment(lines);
  return `${environment.get("PUID") ?? 1000}:${environment.get("PGID") ?? 1000}`;
}

/**
 * The cookies of a browser that has logged in: the session's value is the hash itself.
 *
 * Under both names that it can have, since an image that does not know COOKIE_SUFFIX uses the first.
 */
export function sessionCookies(
  lines: readonly string[],
  loginHash: string,
): ReadonlyMap<string, string> {
  const suffix = parseEnvironment(lines).get("COOKIE_SUFFIX");
  const names = ["code-server-session", ...(suffix ? [`code-server-session-${suffix}`] : [])];
  return new Map(names.map((name) => [name, encodeURIComponent(loginHash)]));
}

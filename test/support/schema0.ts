import type { EnvironmentValue } from "./liveEnvironment";

/** The same environment as schema 0 had it: in the installer's names, as far as it has any. */
export function asSchema0({ user, timeZone, access, ...value }: EnvironmentValue) {
  const { puid, pgid } = user as { puid: number; pgid: number };
  return {
    ...value,
    schemaVersion: 0,
    // Both as text and as numbers, as people wrote them.
    PUID: String(puid),
    PGID: pgid,
    TZ: timeZone,
    CODE_SERVER_PORT: String((access as { port: number }).port),
  };
}

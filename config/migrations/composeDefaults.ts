import type { Draft } from "./step";

/** What the compose files of the installer put in for a setting that its `.env` left out (`${PUID:-1000}`). */
export const COMPOSE_DEFAULTS = {
  PUID: "1000",
  PGID: "1000",
  TZ: "Europe/Berlin",
  WORKSPACE_PATH: "./workspace",
  TS_ACCEPT_DNS: "false",
  TS_EXTRA_ARGS: "--advertise-tags=tag:doom-coding",
  CODE_SERVER_PORT: "8443",
} as const;

/** Adds those of `defaults` that are not set. */
export function addDefaults(draft: Draft, defaults: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(defaults)) {
    draft.add(key, value, "what the installer's compose files put in for it");
  }
}

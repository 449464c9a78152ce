import { passwordName } from "../secrets";
import type { Draft, Step } from "./step";

/** What a stack takes over. */
const CARRIED = new Set([
  "CODE_SERVER_PASSWORD",
  "PUID",
  "PGID",
  "TZ",
  "CODE_SERVER_PORT",
  "TS_ACCEPT_DNS",
]);

/** What it does not, and why. */
const NOT_CARRIED: Readonly<Record<string, string>> = {
  SUDO_PASSWORD: "editors run with no-new-privileges, under which sudo cannot work",
  ANTHROPIC_API_KEY:
    "set claude.enabled and give it by hand: npx doom secrets set <stack> anthropic-api-key",
  TS_AUTHKEY: "a new node needs a key of its own; see docs/tailscale.md",
  TS_ACCEPT_DNS: "false is what a stack does anyway",
  TS_EXTRA_ARGS: "a stack's node has the tags of its key, and advertises no routes",
  WORKSPACE_PATH: "it is data and no setting: it goes into the editor's volume",
  TARGETARCH: "images are built for the architecture of the host",
  CLAUDE_AUTOMATION: "no compose file of the installer read it; it skips Claude Code's questions",
};

const FOR_COMPOSE = "Docker Compose itself read it, and a stack does without Compose";
const UNKNOWN = "unknown: no compose file of the installer read it";

/** Schema 0: what of the installer's settings a stack can use, under their own names, in a stack file. */
export const env4ToSchema0: Step<"env 4", "schema 0"> = {
  from: "env 4",
  to: "schema 0",
  title: "from an .env file into a stack file",
  forward: (draft) => {
    if (draft.get("TS_ACCEPT_DNS") === "false") drop(draft, "TS_ACCEPT_DNS");
    for (const key of draft.names.filter((name) => !CARRIED.has(name))) drop(draft, key);
    draft.renameSecret("CODE_SERVER_PASSWORD", passwordName(1));
    draft.setSchemaVersion(0);
  },
  cannotCarryBack: [
    { key: "instances", reason: "the installer runs one editor" },
    { key: "doom-coding:secrets", reason: "the passwords of further editors have no place" },
  ],
};

function drop(draft: Draft, key: string): void {
  draft.drop(key, reasonFor(key));
}

function reasonFor(key: string): string {
  if (Object.hasOwn(NOT_CARRIED, key)) return NOT_CARRIED[key] as string;
  return /^(COMPOSE|DOCKER)_/.test(key) ? FOR_COMPOSE : UNKNOWN;
}

import { addDefaults, COMPOSE_DEFAULTS } from "./composeDefaults";
import type { Step } from "./step";

/** The form that the installer's text interface (`doom-tui`) wrote: nothing left to the compose files. */
export const env3ToEnv4: Step<"env 3", "env 4"> = {
  from: "env 3",
  to: "env 4",
  title: "every setting written out",
  forward: (draft) => addDefaults(draft, COMPOSE_DEFAULTS),
  cannotCarryBack: [
    { key: "CODE_SERVER_PORT", reason: "form 3 knows no other port than 8443" },
    { key: "TARGETARCH", reason: "form 3 builds for the architecture of the host" },
    { key: "CLAUDE_AUTOMATION", reason: "form 3 starts Claude Code without options" },
  ],
};

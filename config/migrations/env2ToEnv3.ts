import { addDefaults, COMPOSE_DEFAULTS } from "./composeDefaults";
import type { Step } from "./step";

const { WORKSPACE_PATH, TS_ACCEPT_DNS, TS_EXTRA_ARGS } = COMPOSE_DEFAULTS;

/** The form of the installer's `.env.example`. */
export const env2ToEnv3: Step<"env 2", "env 3"> = {
  from: "env 2",
  to: "env 3",
  title: "Tailscale, sudo and a folder for the workspace",
  forward: (draft) => addDefaults(draft, { WORKSPACE_PATH, TS_ACCEPT_DNS, TS_EXTRA_ARGS }),
  cannotCarryBack: [
    { key: "TS_AUTHKEY", reason: "form 2 has no Tailscale" },
    { key: "TS_ACCEPT_DNS", reason: "form 2 has no Tailscale" },
    { key: "TS_EXTRA_ARGS", reason: "form 2 has no Tailscale" },
    { key: "SUDO_PASSWORD", reason: "form 2 has no sudo in the editor" },
    { key: "WORKSPACE_PATH", reason: "form 2 keeps the workspace in the editor's volume" },
  ],
};

import type { Step } from "./step";

/** The first form had CODE_SERVER_PASSWORD, PUID and PGID. */
export const env1ToEnv2: Step<"env 1", "env 2"> = {
  from: "env 1",
  to: "env 2",
  title: "a time zone and a key for Claude Code",
  forward: (draft) => {
    draft.add("TZ", "UTC", "without it the containers of the first form ran in UTC");
    // ANTHROPIC_API_KEY came with this form, too. Nobody can know it, and a made-up one is worse than none.
  },
  cannotCarryBack: [
    { key: "TZ", reason: "the first form has no time zone: its containers run in UTC" },
    { key: "ANTHROPIC_API_KEY", reason: "the first form has no Claude Code" },
  ],
};

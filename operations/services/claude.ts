import { CLAUDE_SESSION_PATHS, CLAUDE_START_PATHS } from "../../checks/volatilePaths";
import { claudeImage } from "../imageSources";
import { codeServer } from "./codeServer";
import type { UpgradeService } from "./service";

/** Where an environment mounts the key; see components/claude.ts. */
const KEY = "/run/secrets/anthropic-api-key";

/** Claude Code beside each editor; its data is the login and the settings of its user. */
export const claude: UpgradeService = {
  name: "claude",
  part: "claude-code",
  versionKey: "claude.version",
  referenceKey: "claude.reference",
  image: (root, environment) => claudeImage(root, environment.claude),
  numbers: (environment) => (environment.claude.enabled ? codeServer.numbers(environment) : []),
  numbered: true,
  title: (instance) => `Claude Code ${instance}`,
  volumeRole: "claude",
  mountedAt: "/claude",
  limits: ({ resources }) => resources,
  startPaths: CLAUDE_START_PATHS,
  sessionPaths: CLAUDE_SESSION_PATHS,
  inventory: async () => [],
  // A key is not asked to prove itself, and the real one has no place in a rehearsal.
  async standIns({ Env = [] }) {
    return Env.includes(`FILE__ANTHROPIC_API_KEY=${KEY}`) ? { [KEY]: "x".repeat(32) } : {};
  },
  async gate({ container }) {
    const { claudeGate } = await import("../claudeGate.js");
    return claudeGate(container);
  },
};

import type Docker from "dockerode";
import { TAILSCALE_PATHS } from "../../checks/volatilePaths";
import { TAILSCALE_LIMITS } from "../../config/tailscale";
import type { GateResult } from "../deepGate";
import { tailscaleImage } from "../imageSources";
import type { GateQuestion, UpgradeService } from "./service";

/** Prints who the node is, an ID a line, from the file where tailscaled keeps it; no key leaves the file. */
const WHO = `
const state = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
const profiles = JSON.parse(Buffer.from(state._profiles ?? "e30=", "base64").toString());
for (const { NodeID } of Object.values(profiles ?? {})) if (NodeID) console.log(NodeID);
`;

const GATE_MS = 60_000;

/** The node in the tailnet; its data is who it is. */
export const tailscale: UpgradeService = {
  name: "tailscale",
  part: "tailscale",
  versionKey: "tailscale.version",
  referenceKey: "tailscale.reference",
  image: (root, { tailscale: settings }) => tailscaleImage(root, settings),
  numbers: ({ tailscale: { enabled } }) => (enabled ? [1] : []),
  numbered: false,
  title: () => "the node in the tailnet",
  volumeRole: "tailscale",
  mountedAt: "/var/lib/tailscale",
  limits: () => ({ cpus: TAILSCALE_LIMITS.cpus, memory: TAILSCALE_LIMITS.memoryMebibytes }),
  startPaths: TAILSCALE_PATHS,
  sessionPaths: TAILSCALE_PATHS,
  async inventory(root, run) {
    const ids = await run(["node", "--eval", WHO, `${root}/tailscaled.state`]);
    return ids.split("\n").filter((id) => id !== "");
  },
  // A node that is logged in needs no key, and one that is not has nobody to give it to.
  standIns: async () => ({}),
  gate,
};

/** Whether the node is the one that it was, and in its tailnet; in a rehearsal, whether it would be. */
async function gate({ container, inventory, rehearsal }: GateQuestion): Promise<GateResult> {
  const { connectDocker } = await import("../dockerHost.js");
  const { Verdicts } = await import("../gateVerdict.js");
  const docker = await connectDocker();
  const start = performance.now();
  const verdicts = new Verdicts([]);
  await verdicts.run("identity", async () => ({
    evidence: rehearsal
      ? await knowsItself(docker.getContainer(container), inventory)
      : await isItself(docker, container, inventory),
  }));
  return {
    container,
    passed: verdicts.passed,
    checks: verdicts.checks,
    milliseconds: Math.round(performance.now() - start),
  };
}

/** Without a way out nobody can confirm it: what the new version has read from the old one's state decides. */
async function knowsItself(
  container: Docker.Container,
  inventory: readonly string[],
): Promise<string> {
  const { awaitIdentity } = await import("../tailnetJoin.js");
  const { state, hasIdentity } = await awaitIdentity(container, GATE_MS);
  if (inventory.length === 0) return `it was in no tailnet yet, and says ${state}`;
  if (!hasIdentity || state === "NeedsLogin")
    throw new Error(`the node has lost who it was: it says ${state}`);
  return `it has the key of node ${inventory.join(", ")} and would go on as it`;
}

async function isItself(
  docker: Docker,
  container: string,
  inventory: readonly string[],
): Promise<string> {
  const { awaitTailnet } = await import("../tailnetJoin.js");
  const wasIn = inventory.length > 0;
  // One that was in its tailnet has to be in it again, key or no key.
  const request = { stack: "the node", container, hasKey: wasIn, timeout: GATE_MS };
  const { joined, status } = await awaitTailnet(docker, request);
  if (!wasIn) return joined ? `it has joined as node ${status.id}` : "it waits for its first key";
  if (status.id === undefined || !inventory.includes(status.id))
    throw new Error(`it is node ${status.id}, and was ${inventory.join(", ")}`);
  return `it is node ${status.id} as before, at ${status.addresses.join(", ")}`;
}

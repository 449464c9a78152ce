import { setTimeout as wait } from "node:timers/promises";
import type Docker from "dockerode";
import { judgeState } from "../checks/containerState";
import { editorUser } from "../checks/editorEnvironment";
import { imageFacts } from "../checks/upgradeImage";
import { runInContainer } from "./containerExec";
import { lastLogLines } from "./containerLog";
import type { GateResult } from "./deepGate";
import { connectDocker } from "./dockerHost";
import { Deadline, Verdicts } from "./gateVerdict";
import { inspectImage } from "./upgradeImages";

/** Whether one running container of Claude Code does all that its user needs, short of asking the service. */

const CHECKS = ["container", "version", "configuration", "terminal"] as const;

const TIMEOUT_SECONDS = 120;
const POLL_MS = 250;
const PROGRAM_SECONDS = 12;
const LOG_LINES = 20;

/** What Claude Code keeps of a login and of settings: one that it cannot read it would begin anew. */
const CONFIGURATION = `
set -euo pipefail
cd /claude
for file in .claude.json .credentials.json settings.json; do
  if [[ -e $file ]]; then jq empty "$file"; printf '%s ' "$file"; fi
done
file=.doom-gate
trap 'rm -f -- "$file"' EXIT
printf gate >"$file"
[[ $(<"$file") == gate ]]`;

/** Opens a terminal as the editor does, with the program in it, looks whether it is there, and closes it. */
const TERMINAL = `
set -euo pipefail
tmux() { command tmux -N -S /config/data/claude.sock "$@"; }
session=$(tmux new-session -d -P -F '#{session_id}' -- sh -c 'claude --version && sleep 30')
trap 'tmux kill-session -t "$session"' EXIT
for ((look = 0; look < 50; look++)); do
  if tmux capture-pane -p -t "$session" | grep -m 1 'Claude Code'; then exit; fi
  sleep 0.2
done
echo "nothing appears in a terminal" >&2
exit 1`;

/**
 * Waits until a container is healthy, then asks it for its version, reads and writes its configuration and opens a
 * terminal in it. Throws an Error when the engine does not answer; whatever else goes wrong is a verdict.
 */
export async function claudeGate(name: string): Promise<GateResult> {
  const start = performance.now();
  const docker = await connectDocker();
  const container = docker.getContainer(name);
  const verdicts = new Verdicts([]);
  const info = await verdicts.run("container", () => untilHealthy(container));
  if (info === undefined) verdicts.skip(CHECKS.slice(1), "the container does not run");
  else {
    const user = editorUser(info.Config.Env);
    await verdicts.run("version", () => sameVersion(docker, container, info, user));
    await verdicts.run("configuration", async () => ({
      evidence: `read and written: ${await say(container, user, ["bash", "-c", CONFIGURATION])}`,
    }));
    await verdicts.run("terminal", async () => ({
      evidence: `a terminal shows ${await say(container, user, ["bash", "-c", TERMINAL])}`,
    }));
  }
  return {
    container: name,
    passed: verdicts.passed,
    checks: verdicts.checks,
    milliseconds: Math.round(performance.now() - start),
    ...(verdicts.passed ? {} : { log: await lastLogLines(container, LOG_LINES, []) }),
  };
}

async function untilHealthy(container: Docker.Container) {
  const deadline = new Deadline(TIMEOUT_SECONDS);
  const first = await container.inspect();
  for (; ; await wait(POLL_MS)) {
    const info = await container.inspect();
    const { kind, evidence } = judgeState(info, first);
    if (kind === "healthy") return { evidence, value: info };
    if (kind === "failed") throw new Error(evidence);
    if (deadline.isOver) throw new Error(`${evidence}, after ${TIMEOUT_SECONDS} s`);
  }
}

async function sameVersion(
  docker: Docker,
  container: Docker.Container,
  { Image }: Docker.ContainerInspectInfo,
  user: string,
) {
  const image = await inspectImage(docker, Image);
  const wanted = image && imageFacts(image).version;
  const [found] = (await say(container, user, ["claude", "--version"])).split(" ");
  if (wanted === undefined || found !== wanted)
    throw new Error(`the program is ${found}, its image says ${wanted}`);
  return { evidence: `${found}, as its image says` };
}

/** What a program in the container prints. Throws an Error with what it says when it fails. */
async function say(
  container: Docker.Container,
  user: string,
  command: readonly string[],
): Promise<string> {
  const options = { user, seconds: PROGRAM_SECONDS };
  const { code, stdout, stderr } = await runInContainer(container, command, options);
  if (code === 0) return stdout.trim();
  throw new Error(stderr.trim() || stdout.trim() || `${command[0]} ended with code ${code}`);
}

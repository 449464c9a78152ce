import { editorUser } from "../../checks/editorEnvironment";
import { connectDocker } from "../../operations/dockerHost";
import { Failure } from "../../operations/failure";
import { claude as service } from "../../operations/services/claude";
import { openEnvironmentSession } from "../../operations/stackSession";
import { runInTerminal } from "../../operations/terminal";
import { inspectContainer } from "../../operations/upgradeRun";
import { unitContainer } from "../../operations/upgradeServices";
import type { CommandContext } from "../engineRun";
import type { Outcome } from "../output";

/** `doom claude <stack> [n]`: Claude Code beside an editor, in the caller's terminal; its exit code is theirs. */
export async function claude(
  stack: string,
  given: readonly string[],
  { display }: CommandContext,
): Promise<Outcome> {
  display.enter(`looking for Claude Code in ${stack}`);
  const { environment } = await openEnvironmentSession(stack);
  const [first = "", ...rest] = given;
  const isNumber = /^\d+$/.test(first);
  const instance = isNumber ? Number(first) : 1;
  requireEnabled(stack, instance, service.numbers(environment));
  const docker = await connectDocker();
  const name = unitContainer(stack, { service, instance });
  const info = await inspectContainer(docker, name);
  if (!info?.State.Running) {
    throw new Failure("unhealthy", `${name} does not run.`, { fix: `npx doom up ${stack}` });
  }
  display.stop();
  const lines = info.Config.Env;
  if (!lines.some((line) => line.startsWith("FILE__ANTHROPIC_API_KEY="))) {
    process.stderr.write(
      `note: ${stack} has no key for it: sign in, or npx doom secrets set ${stack} anthropic-api-key\n`,
    );
  }
  if (!environment.network.egress.includes("claude"))
    process.stderr.write("note: network.egress does not name claude: it reaches no service\n");
  const exitCode = await runInTerminal(docker.getContainer(info.Id), {
    command: ["claude", ...(isNumber ? rest : given)],
    user: editorUser(lines),
    folder: "/config/workspace",
    variables: ["HOME=/config", "USER=coder", `TERM=${process.env.TERM ?? "xterm-256color"}`],
  });
  return { text: "", data: { exitCode }, exitCode };
}

function requireEnabled(stack: string, instance: number, numbers: readonly number[]): void {
  if (numbers.length === 0) {
    throw new Failure("usage", `${stack} has no Claude Code.`, {
      fix: `set claude.enabled to true in Pulumi.${stack}.yaml and run npx doom up ${stack}`,
    });
  }
  if (numbers.includes(instance)) return;
  throw new Failure("usage", `${stack} has no editor ${instance}.`, {
    fix: `its editors are ${numbers.join(", ")}`,
  });
}

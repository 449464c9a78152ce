import { connectDocker } from "./dockerHost";

/** What the operation is told: which containers, and the limit of each. */
export interface ProcessLimitsInput {
  readonly containers: readonly string[];
  readonly limit: number;
}

/** Reads the operation's variables. Throws with the name of the one that cannot be used. */
export function readProcessLimits(environment: NodeJS.ProcessEnv): ProcessLimitsInput {
  const containers = (environment.DOOM_CONTAINERS ?? "").split(" ").filter((id) => id !== "");
  if (containers.length === 0) throw new Error("DOOM_CONTAINERS: names no container");
  const limit = environment.DOOM_PROCESS_LIMIT;
  if (limit === undefined || !/^[1-9]\d{0,6}$/.test(limit))
    throw new Error(`DOOM_PROCESS_LIMIT: got ${JSON.stringify(limit)}; allowed: 1 to 9999999`);
  return { containers, limit: Number(limit) };
}

/**
 * Limits the number of processes, threads included, that the container may have.
 *
 * The engine keeps it with the container, over restarts of both. Throws when the engine does not take
 * it: without the `pids` controller it only warns, and a limit that does not hold is none.
 */
async function limitProcesses(
  docker: Awaited<ReturnType<typeof connectDocker>>,
  container: string,
  limit: number,
): Promise<void> {
  const target = docker.getContainer(container);
  const answer = (await target.update({ PidsLimit: limit })) as { Warnings?: string[] | null };
  if (answer.Warnings && answer.Warnings.length > 0) throw new Error(answer.Warnings.join("; "));
  const { HostConfig } = await target.inspect();
  if (HostConfig.PidsLimit !== limit)
    throw new Error(`the engine limits ${container} to ${HostConfig.PidsLimit}, not ${limit}`);
}

/** Runs as a command of the stack. */
async function main(): Promise<void> {
  const { containers, limit } = readProcessLimits(process.env);
  const docker = await connectDocker();
  await Promise.all(containers.map((container) => limitProcesses(docker, container, limit)));
}

if (require.main === module) {
  main().catch((error: Error) => {
    process.stderr.write(`cannot limit the processes: ${error.message}\n`);
    process.exitCode = 1;
  });
}

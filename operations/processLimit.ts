import { connectDocker } from "./dockerHost";

/** A limit that the engine takes: a whole number, at least one process. */
export function parseProcessLimit(text: string | undefined): number {
  const limit = Number(text);
  if (text === undefined || !/^[1-9]\d{0,6}$/.test(text))
    throw new Error(`DOOM_PROCESS_LIMIT: got ${JSON.stringify(text)}; allowed: 1 to 9999999`);
  return limit;
}

/**
 * Limits the number of processes, threads included, that the container may have.
 *
 * The engine keeps it with the container, over restarts of both. Throws when the engine does not take
 * it: without the `pids` controller it only warns, and a limit that does not hold is none.
 */
export async function limitProcesses(container: string, limit: number): Promise<void> {
  const docker = await connectDocker();
  const target = docker.getContainer(container);
  const answer = (await target.update({ PidsLimit: limit })) as { Warnings?: string[] | null };
  if (answer.Warnings && answer.Warnings.length > 0) throw new Error(answer.Warnings.join("; "));
  const { HostConfig } = await target.inspect();
  if (HostConfig.PidsLimit !== limit)
    throw new Error(`the engine limits ${container} to ${HostConfig.PidsLimit}, not ${limit}`);
}

/** Runs as a command of the stack. */
async function main(): Promise<void> {
  const container = process.env.DOOM_CONTAINER;
  if (!container) throw new Error("DOOM_CONTAINER is not set");
  await limitProcesses(container, parseProcessLimit(process.env.DOOM_PROCESS_LIMIT));
}

if (require.main === module) {
  main().catch((error: Error) => {
    process.stderr.write(`cannot limit the processes: ${error.message}\n`);
    process.exitCode = 1;
  });
}

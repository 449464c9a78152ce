import { connectDocker } from "./dockerHost";

/** What a container is limited to. */
export interface WantedLimits {
  /** ID or name. */
  readonly container: string;
  readonly cpus: number;
  /** Threads count. */
  readonly processes: number;
}

const words = (text: string | undefined) => (text ?? "").split(" ").filter((word) => word !== "");

/** Reads the operation's variables. Throws with the name of the one that cannot be used. */
export function readLimits(environment: NodeJS.ProcessEnv): WantedLimits[] {
  const containers = words(environment.DOOM_CONTAINERS);
  if (containers.length === 0) throw new Error("DOOM_CONTAINERS: names no container");
  const cpus = words(environment.DOOM_CPUS);
  const isCpus = (text: string) => /^\d{1,3}(\.\d{1,2})?$/.test(text) && Number(text) > 0;
  if (cpus.length !== containers.length || !cpus.every(isCpus))
    throw new Error(
      `DOOM_CPUS: got ${JSON.stringify(environment.DOOM_CPUS)}; allowed: a number of CPUs for each of ${containers.length} containers, with up to 2 decimals`,
    );
  const limit = environment.DOOM_PROCESS_LIMIT;
  if (limit === undefined || !/^[1-9]\d{0,6}$/.test(limit))
    throw new Error(`DOOM_PROCESS_LIMIT: got ${JSON.stringify(limit)}; allowed: 1 to 9999999`);
  return containers.map((container, position) => ({
    container,
    cpus: Number(cpus[position]),
    processes: Number(limit),
  }));
}

/** Docker counts billionths of a CPU. */
const NANOS = 1e9;

/**
 * Limits CPU time and the number of processes of a container, which goes on running.
 *
 * The engine keeps both with the container, over restarts of both. Throws when the engine does not take
 * them: without the controller of a limit it only warns, and a limit that does not hold is none.
 */
async function limit(
  docker: Awaited<ReturnType<typeof connectDocker>>,
  { container, cpus, processes }: WantedLimits,
): Promise<void> {
  const target = docker.getContainer(container);
  const wanted = { NanoCpus: Math.round(cpus * NANOS), PidsLimit: processes };
  const answer = (await target.update(wanted)) as { Warnings?: string[] | null };
  if (answer.Warnings && answer.Warnings.length > 0) throw new Error(answer.Warnings.join("; "));
  const { HostConfig } = await target.inspect();
  const { NanoCpus, PidsLimit } = HostConfig;
  if (PidsLimit !== processes || NanoCpus !== wanted.NanoCpus)
    throw new Error(
      `the engine limits ${container} to ${PidsLimit} processes and ${(NanoCpus ?? 0) / NANOS} CPUs, not ${processes} and ${cpus}`,
    );
}

/** Runs as a command of the stack. */
async function main(): Promise<void> {
  const limits = readLimits(process.env);
  const docker = await connectDocker();
  await Promise.all(limits.map((wanted) => limit(docker, wanted)));
}

if (require.main === module) {
  main().catch((error: Error) => {
    process.stderr.write(`cannot set the limits: ${error.message}\n`);
    process.exitCode = 1;
  });
}

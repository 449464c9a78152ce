import { copyStateOf } from "./copyRecord";
import { connectDocker } from "./dockerHost";
import { Failure } from "./failure";
import { identityOf, TARGET, targetMount } from "./migrationContainer";
import { lookAt } from "./migrationPlaces";
import { findProject } from "./project";
import { READING, withToolsContainer } from "./toolsContainer";
import { isEmpty } from "./treeRoom";
import { migrateVolume } from "./volumeMigration";

/** What the operation is told. */
export interface VolumeSeedInput {
  /** The environment whose update this is a part of. */
  readonly stack: string;
  /** Names of volumes. */
  readonly volume: string;
  readonly target: string;
  readonly acrossEnvironments: boolean;
}

/** Reads the operation's variables. Throws with the name of the one that cannot be used. */
export function readVolumeSeed(environment: NodeJS.ProcessEnv): VolumeSeedInput {
  const text = (name: string): string => {
    const value = environment[name];
    if (!value) throw new Error(`${name} is not set`);
    return value;
  };
  const across = text("DOOM_SEED_ACROSS_ENVIRONMENTS");
  if (across !== "true" && across !== "false") {
    throw new Error(
      `DOOM_SEED_ACROSS_ENVIRONMENTS: got ${JSON.stringify(across)}; allowed: true, false`,
    );
  }
  return {
    stack: text("DOOM_STACK"),
    volume: text("DOOM_SEED_VOLUME"),
    target: text("DOOM_SEED_TARGET"),
    acrossEnvironments: across === "true",
  };
}

/**
 * Gives a volume its first data from another one, and proves it; gives the JSON document to print.
 *
 * Nothing happens when that was done before, whatever has become of the two since. Throws a
 * {@link Failure} when the target holds anything else.
 */
export async function seedVolume(
  input: VolumeSeedInput,
  signal?: AbortSignal,
): Promise<Readonly<Record<string, unknown>>> {
  const { stack, volume, target, acrossEnvironments } = input;
  if (await isSeeded(input)) return { volume, target, changed: false };
  const { manifest } = await migrateVolume(
    {
      from: { kind: "volume", name: volume },
      to: { kind: "volume", name: target },
      acrossEnvironments,
      lockedStack: stack,
      ...(signal === undefined ? {} : { signal }),
    },
    { enter: report, line: report },
  );
  return { volume, target, changed: true, manifest };
}

/** On standard error, which the engine shows while the command runs. */
function report(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Whether the target was seeded from that volume; throws when it holds anything else. */
async function isSeeded({ stack, volume, target }: VolumeSeedInput): Promise<boolean> {
  const project = findProject();
  const docker = await connectDocker();
  const place = (name: string) => lookAt(project, docker, { kind: "volume", name });
  const [from, to] = [await place(volume), await place(target)];
  if (!to.exists) return false;
  const mounts = [{ ...targetMount(to), readOnly: true }];
  const found = await withToolsContainer(
    { stack, mounts, capabilities: READING },
    async (tools) => ({
      identity: await identityOf(tools, TARGET, to),
      isEmpty: await isEmpty(tools, TARGET),
    }),
  );
  const state = copyStateOf(project, to.key, { source: from.key, target: found.identity });
  if (state === "verified") return true;
  if (state === "copying" || found.isEmpty) return false;
  throw new Failure("data", `${to.title} holds data already, which is not from ${from.title}.`, {
    fix: `take its seed out of Pulumi.${stack}.yaml: only a new editor can be given one`,
  });
}

/** Runs as a command of the stack. */
async function main(): Promise<void> {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () =>
      controller.abort(new Failure("interrupted", "Interrupted; the next up goes on from there.")),
    );
  }
  const document = await seedVolume(readVolumeSeed(process.env), controller.signal);
  process.stdout.write(`${JSON.stringify(document)}\n`);
}

if (require.main === module) {
  main().catch((error: Error) => {
    process.stderr.write(`seed: ${error.message}\n`);
    process.exitCode = 1;
  });
}

import { createHash } from "node:crypto";
import { stackOutputs } from "../../checks/checkpoint";
import { type Snapshot, shortId } from "../../checks/snapshots";
import { bytesText } from "../../checks/transferText";
import { Failure } from "../../operations/failure";
import { createSnapshot } from "../../operations/snapshotCreate";
import { drill } from "../../operations/snapshotDrill";
import { chooseSnapshot, listSnapshots, pruneSnapshots } from "../../operations/snapshotLibrary";
import { restoreSnapshot, switchToRestored } from "../../operations/snapshotRestore";
import { runAlone, type SnapshotRun, type SnapshotTask } from "../../operations/snapshotRun";
import { verifySnapshots } from "../../operations/snapshotVerify";
import { type EnvironmentSession, openEnvironmentSession } from "../../operations/stackSession";
import type { CommandContext } from "../engineRun";
import { Interruption } from "../interruption";
import type { Outcome } from "../output";
import { readOutputs } from "../secretOutputs";
import { table } from "../text";

interface InstanceOption {
  readonly instance?: string;
}

/** `doom snapshot create <stack>`. */
export async function create(
  stack: string,
  options: InstanceOption & { readonly stop?: boolean; readonly confirmShrunken?: boolean },
  context: CommandContext,
): Promise<Outcome> {
  const session = await open(stack, context);
  const instance = instanceOf(session, options);
  const request = {
    instance,
    ...originOf(session, instance),
    stop: options.stop ?? false,
    confirmShrunken: options.confirmShrunken ?? false,
    replaced: false,
  };
  const snapshot = await withTask(session, context, (task) =>
    runAlone(task, (run) => createSnapshot(run, request)),
  );
  return {
    text: `Snapshot ${shortId(snapshot.id)} of editor ${instance} of ${stack}: ${sizeText(snapshot)}, proven by its manifest.`,
    data: { snapshot },
  };
}

/** `doom snapshot list <stack>`. */
export async function list(stack: string, context: CommandContext): Promise<Outcome> {
  const session = await open(stack, context);
  const snapshots = await withTask(session, context, listSnapshots);
  const rows = snapshots.map((one) => [
    shortId(one.id),
    one.time.replace(/\..*/, "Z"),
    `editor ${one.instance}`,
    sizeText(one),
    one.replaced ? "replaced by a restore" : "",
  ]);
  const text =
    rows.length > 0 ? table(rows) : `${stack} has no snapshot: npx doom snapshot create ${stack}`;
  return { text, data: { snapshots } };
}

/** `doom snapshot verify <stack> [snapshot]`. */
export async function verify(
  stack: string,
  wanted: string,
  options: InstanceOption & { readonly drill?: boolean },
  context: CommandContext,
): Promise<Outcome> {
  const session = await open(stack, context);
  const instance = instanceOf(session, options);
  const check = async (run: SnapshotRun): Promise<Outcome> => {
    const snapshots = await verifySnapshots(run);
    const all = `All that is stored for ${stack} is as it was: snapshots: ${snapshots.length}.`;
    const checked = snapshots.map(({ id }) => id);
    if (!options.drill) return { text: all, data: { checked } };
    const chosen = chooseSnapshot(stack, snapshots, wanted, instance);
    const { evidence, file } = await drill(run, chosen);
    const text = `${all}\n${shortId(chosen.id)} was restored and is equal: ${sizeText(chosen)} in ${Math.round(evidence.seconds)} s.\n  evidence: ${file}`;
    return { text, data: { checked, drill: evidence, evidence: file } };
  };
  return withTask(session, context, (task) => runAlone(task, check));
}

/** `doom snapshot restore <stack> [snapshot]`. */
export async function restore(
  stack: string,
  wanted: string,
  options: InstanceOption & { readonly switch?: boolean },
  context: CommandContext,
): Promise<Outcome> {
  const session = await open(stack, context);
  const instance = instanceOf(session, options);
  const bringBack = async (run: SnapshotRun): Promise<Outcome> => {
    const snapshot = chooseSnapshot(stack, await listSnapshots(run), wanted, instance);
    const restored = await restoreSnapshot(run, snapshot);
    if (!options.switch) return describeRestored(snapshot, restored.volume);
    const replaced = await switchToRestored(run, restored, {
      instance: snapshot.instance,
      ...originOf(session, snapshot.instance),
    });
    return describeSwitched(snapshot, replaced);
  };
  return withTask(session, context, (task) => runAlone(task, bringBack));
}

function describeRestored(snapshot: Snapshot, volume: string): Outcome {
  const { id, stack } = snapshot;
  const text = [
    `Snapshot ${shortId(id)} is restored in the volume ${volume} and equal to its manifest.`,
    `The editor still has its own data.`,
    "",
    `  npx doom snapshot restore ${stack} ${shortId(id)} --switch   make it the editor's data`,
    `  docker volume rm ${volume}   remove it`,
  ].join("\n");
  return { text, data: { snapshot, volume, switched: false } };
}

function describeSwitched(snapshot: Snapshot, replaced: Snapshot): Outcome {
  const { id, stack, instance } = snapshot;
  const text = [
    `Editor ${instance} of ${stack} has the data of the snapshot ${shortId(id)}, proven by its manifest.`,
    `What it had before is the snapshot ${shortId(replaced.id)}.`,
    "",
    `  npx doom snapshot restore ${stack} ${shortId(replaced.id)} --switch   take it back`,
  ].join("\n");
  return { text, data: { snapshot, replaced, switched: true } };
}

/** `doom snapshot prune <stack>`. */
export async function prune(stack: string, context: CommandContext): Promise<Outcome> {
  const session = await open(stack, context);
  const { removed, kept } = await withTask(session, context, (task) =>
    runAlone(task, pruneSnapshots),
  );
  const text = `Snapshots of ${stack}: removed ${removed.length}, kept ${kept.length}.`;
  return { text, data: { removed, kept: kept.map(({ id }) => id) } };
}

function open(stack: string, { display }: CommandContext): Promise<EnvironmentSession> {
  display.enter(`checking ${stack}`);
  return openEnvironmentSession(stack);
}

/** Opens the secrets, and lets Ctrl-C end `work` in good order. */
async function withTask<T>(
  session: EnvironmentSession,
  context: CommandContext,
  work: (task: SnapshotTask) => Promise<T>,
): Promise<T> {
  const { project, stack, checkpoint } = session;
  if (stackOutputs(checkpoint).snapshotPassword === undefined) {
    throw new Failure("configuration", `${stack} has no key for its snapshots yet.`, {
      fix: `npx doom up ${stack}`,
    });
  }
  const outputs = await readOutputs(session, context);
  const interruption = new Interruption();
  context.interrupts.watch(interruption);
  try {
    return await work({
      project,
      stack,
      password: outputs.snapshotPassword?.value as string,
      observer: context.display,
      signal: interruption.signal,
    });
  } finally {
    interruption.end();
  }
}

function instanceOf({ stack, environment }: EnvironmentSession, options: InstanceOption): number {
  const given = options.instance ?? "1";
  const instance = /^[1-9]\d*$/.test(given) ? Number(given) : 0;
  if (instance >= 1 && instance <= environment.instances) return instance;
  throw new Failure("usage", `${stack} has no editor ${JSON.stringify(given)}.`, {
    fix: `its editors are 1 to ${environment.instances}`,
  });
}

/** With which image and configuration an editor's data was used last. */
function originOf({ checkpoint, environment }: EnvironmentSession, instance: number) {
  const instances = (stackOutputs(checkpoint).instances ?? []) as {
    readonly index: number;
    readonly image: string;
  }[];
  return {
    image: instances.find(({ index }) => index === instance)?.image ?? "none",
    configuration: createHash("sha256").update(JSON.stringify(environment)).digest("hex"),
  };
}

function sizeText({ entries, bytes }: Pick<Snapshot, "entries" | "bytes">): string {
  return `${entries} entries, ${bytesText(bytes)}`;
}

import { readFileSync } from "node:fs";
import type Docker from "dockerode";
import { imageFacts } from "../checks/upgradeImage";
import type { RecordedCheck, UpgradeRecord } from "../checks/upgradeRecord";
import { SESSION_PATHS } from "../checks/volatilePaths";
import { dockerName } from "../config/names";
import { parseEnvironment } from "../config/schema";
import { shapeOf } from "./containerShape";
import { connectDocker } from "./dockerHost";
import { errorText, Failure } from "./failure";
import { GATE_TIMES } from "./gateInput";
import { findProject, type Project, readStackFile, stackFilePath } from "./project";
import { describeDifferences, LIVE } from "./upgradeData";
import { imageText, inspectImage, named } from "./upgradeImages";
import { isOpen, type Journal, readJournal, writeJournal } from "./upgradeJournal";
import { openJournals, recordJournals, removeOldCopies } from "./upgradeRecords";
import { type GateRun, inspectContainer, withData } from "./upgradeRun";
import { type Verified, writeVerified } from "./upgradeVerified";

/** Whether editors that have just been replaced do all that they have to, with the data that they had. */

export interface VerificationReport {
  /** Numbers of the editors that were replaced by another image, and passed. */
  readonly verified: readonly number[];
  /** Of the upgrade, or the way back. */
  readonly record?: string;
}

const TIMEOUT_MS = 120_000;

/**
 * Compares the data of every editor that was upgraded, or went back, with what it was, and puts the editor through
 * the deep gate; then closes its journal, and writes down what the stack is now.
 *
 * Throws a {@link Failure} that says how to go back; the journals stay open then.
 */
export async function verifyStack(stack: string): Promise<VerificationReport> {
  const project = findProject();
  const docker = await connectDocker(TIMEOUT_MS);
  const environment = parseEnvironment(readStackFile(project, stack).environment);
  const journals = openJournals(project, stack, environment.instances);
  const checks = new Map<number, readonly RecordedCheck[]>();
  for (const [instance, journal] of journals) {
    const run = runOf({ project, docker, stack, instance, environment, journal });
    checks.set(instance, await verifyEditor(run, journal));
  }
  const record =
    journals.size > 0
      ? recordJournals(project, stack, journals, { result: "verified", checks })
      : undefined;
  await noteVerified(project, docker, stack, environment.instances);
  closeJournals(project, stack, environment.instances, record);
  if (record) await removeOldCopies(project, docker, stack);
  return { verified: [...journals.keys()], ...(record ? { record: record.id } : {}) };
}

function runOf(
  given: Pick<GateRun, "project" | "docker" | "stack" | "instance" | "environment"> & {
    readonly journal: Journal;
  },
): GateRun {
  const { journal, ...rest } = given;
  const say = (text: string) => process.stderr.write(`${text}\n`);
  return {
    ...rest,
    image: journal.to.id,
    attempt: journal.attempt,
    observer: { enter: say, line: say },
    signal: new AbortController().signal,
  };
}

/** Gives what the deep gate found. Throws a {@link Failure} unless all is right. */
async function verifyEditor(run: GateRun, journal: Journal): Promise<readonly RecordedCheck[]> {
  const { docker, stack, instance } = run;
  const name = dockerName(stack, "code-server", instance);
  try {
    const container = await inspectContainer(docker, name);
    if (container?.Image !== journal.to.id) {
      const found = container ? `runs ${container.Image}` : "is gone";
      throw new Failure("unhealthy", `the container ${name} ${found}.`);
    }
    // First, since people may begin to work as soon as it serves.
    await requireSameData(run);
    const { deepGate } = await import("./deepGate.js");
    const { requirePassed } = await import("./upgradeStages.js");
    const result = await deepGate({
      container: container.Id,
      loginHash: loginHashOf(container),
      extensions: journal.extensions ?? [],
      ...GATE_TIMES,
    });
    requirePassed(result);
    return result.checks;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const what = journal.kind === "upgrade" ? "after its upgrade" : "after it went back";
    throw new Failure(
      error.kind,
      `Editor ${instance} of ${stack} is not right ${what} to ${imageText(journal.to)}: ${error.summary}`,
      {
        problems: error.problems,
        fix: `npx doom rollback ${stack} brings back image, configuration and data as they were; what was written since is kept`,
      },
    );
  }
}

async function requireSameData(run: GateRun): Promise<void> {
  run.observer.enter("comparing the data with what it was");
  const changes = await withData(run, [], (data) =>
    data.changesSince(LIVE, data.liveManifest, SESSION_PATHS, true),
  );
  if (changes.length === 0) return;
  throw new Failure("data", "its data is not what it was.", {
    problems: describeDifferences(changes),
  });
}

/** The program keeps it in a file in memory, which the container mounts; it never passes a command line. */
export function loginHashOf({ Mounts, Name }: Docker.ContainerInspectInfo): string {
  const secret = Mounts.find(({ Destination }) => Destination === "/run/secrets/hashed-password");
  if (secret === undefined) throw new Failure("unhealthy", `${Name.slice(1)} has no login secret.`);
  return readFileSync(secret.Source, "utf8");
}

/** What the stack is now: what the next upgrade of it starts from. */
async function noteVerified(
  project: Project,
  docker: Docker,
  stack: string,
  instances: number,
): Promise<void> {
  const editors: Record<number, Verified["editors"][number]> = {};
  for (let instance = 1; instance <= instances; instance += 1) {
    const container = await inspectContainer(docker, dockerName(stack, "code-server", instance));
    if (container === undefined) continue;
    const image = await inspectImage(docker, container.Image);
    editors[instance] = {
      image: image === undefined ? { id: container.Image } : named(imageFacts(image)),
      shape: shapeOf(container, image?.Config.Env ?? []),
    };
  }
  const stackFile = readFileSync(stackFilePath(project, stack), "utf8");
  writeVerified(project, stack, { verified: 1, at: new Date().toISOString(), stackFile, editors });
}

function closeJournals(
  project: Project,
  stack: string,
  instances: number,
  record: UpgradeRecord | undefined,
): void {
  for (let instance = 1; instance <= instances; instance += 1) {
    const journal = readJournal(project, stack, instance);
    if (!isOpen(journal) || journal.stage !== "passed") continue;
    const outcome = `verified; record ${record?.id}`;
    writeJournal(project, stack, instance, { ...journal, stage: "closed", outcome });
  }
}

/** Runs as a command of the stack: `DOOM_STACK` in, one JSON document out. */
async function main(): Promise<void> {
  const stack = process.env.DOOM_STACK;
  if (!stack) throw new Error("DOOM_STACK is not set");
  process.stdout.write(`${JSON.stringify(await verifyStack(stack))}\n`);
}

if (require.main === module) {
  main().catch((error: unknown) => {
    process.stderr.write(`verification: ${errorText(error)}\n`);
    process.exitCode = 1;
  });
}

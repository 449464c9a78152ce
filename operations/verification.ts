import { readFileSync } from "node:fs";
import type Docker from "dockerode";
import { imageFacts } from "../checks/upgradeImage";
import type { RecordedCheck } from "../checks/upgradeRecord";
import { type EnvironmentConfig, parseEnvironment } from "../config/schema";
import { shapeOf } from "./containerShape";
import { connectDocker } from "./dockerHost";
import { errorText, Failure } from "./failure";
import { findProject, type Project, readStackFile, stackFilePath } from "./project";
import { describeDifferences, LIVE } from "./upgradeData";
import { imageText, inspectImage, named } from "./upgradeImages";
import { type Journal, writeJournal } from "./upgradeJournal";
import { openJournals, recordJournals, removeOldCopies } from "./upgradeRecords";
import { type GateRun, inspectContainer, startOthers, withData } from "./upgradeRun";
import {
  SERVICES,
  type UpgradeService,
  unitContainer,
  unitName,
  unitsOf,
  unitTitle,
} from "./upgradeServices";
import { readVerified, type VerifiedUnit, writeVerified } from "./upgradeVerified";

/** Whether containers that have just been replaced do all that they have to, with the data that they had. */

export interface VerificationReport {
  /** Those that were replaced by another image, and passed: `code-server-1`. */
  readonly verified: readonly string[];
  /** Of the upgrades, or the ways back. */
  readonly records: readonly string[];
}

const TIMEOUT_MS = 120_000;

/**
 * Compares the data of everything that was upgraded, or went back, with what it was, and puts it through its
 * gate; then starts again what shares that data, closes its journal, and writes down what the stack is now.
 *
 * Throws a {@link Failure} that says how to go back; the journals stay open then.
 */
export async function verifyStack(stack: string): Promise<VerificationReport> {
  const project = findProject();
  const docker = await connectDocker(TIMEOUT_MS);
  const environment = parseEnvironment(readStackFile(project, stack).environment);
  const proven: Proven[] = [];
  for (const service of SERVICES) {
    const journals = openJournals(project, stack, service, environment);
    const checks = new Map<number, readonly RecordedCheck[]>();
    for (const [instance, journal] of journals) {
      const run = runOf({ project, docker, stack, service, instance, environment, journal });
      checks.set(instance, await verifyUnit(run, journal));
    }
    if (journals.size > 0) proven.push({ service, journals, checks });
  }
  // First the records: they tell what was before, and what is noted then is what is now.
  const records = proven.map(({ service, journals, checks }) =>
    recordJournals(project, stack, service, journals, { result: "verified", checks }),
  );
  await noteVerified(project, docker, stack, environment);
  for (const [position, { service, journals }] of proven.entries())
    closeJournals(project, stack, service, journals, records[position]?.id);
  if (records.length > 0) await removeOldCopies(project, docker, stack);
  return {
    verified: proven.flatMap(({ service, journals }) =>
      [...journals.keys()].map((instance) => unitName({ service, instance })),
    ),
    records: records.map(({ id }) => id),
  };
}

/** Those of one service that are right. */
interface Proven {
  readonly service: UpgradeService;
  readonly journals: ReadonlyMap<number, Journal>;
  readonly checks: ReadonlyMap<number, readonly RecordedCheck[]>;
}

function runOf(
  given: Pick<GateRun, "project" | "docker" | "stack" | "service" | "instance" | "environment"> & {
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

/** Gives what the gate found. Throws a {@link Failure} unless all is right. */
async function verifyUnit(run: GateRun, journal: Journal): Promise<readonly RecordedCheck[]> {
  const { docker, stack, service } = run;
  const name = unitContainer(stack, run);
  try {
    const container = await inspectContainer(docker, name);
    if (container?.Image !== journal.to.id) {
      const found = container ? `runs ${container.Image}` : "is gone";
      throw new Failure("unhealthy", `the container ${name} ${found}.`);
    }
    // First, since people may begin to work as soon as it serves.
    await requireSameData(run);
    const { requirePassed } = await import("./upgradeStages.js");
    const result = await service.gate({
      container: container.Id,
      inventory: journal.extensions ?? [],
      secret: (path) => secretOf(container, path),
      rehearsal: false,
    });
    requirePassed(result);
    await startOthers(run, journal);
    return result.checks;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const what = journal.kind === "upgrade" ? "after its upgrade" : "after it went back";
    throw new Failure(
      error.kind,
      `${unitTitle(run)} of ${stack} is not right ${what} to ${imageText(journal.to)}: ${error.summary}`,
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
    data.changesSince(LIVE, data.liveManifest, run.service.sessionPaths, true),
  );
  if (changes.length === 0) return;
  throw new Failure("data", "its data is not what it was.", {
    problems: describeDifferences(changes),
  });
}

/** The program keeps it in a file in memory, which the container mounts; it never passes a command line. */
export function secretOf({ Mounts, Name }: Docker.ContainerInspectInfo, path: string): string {
  const secret = Mounts.find(({ Destination }) => Destination === path);
  if (secret === undefined) throw new Failure("unhealthy", `${Name.slice(1)} has no ${path}.`);
  return readFileSync(secret.Source, "utf8");
}

/** What the stack is now: what the next upgrade of it starts from. */
async function noteVerified(
  project: Project,
  docker: Docker,
  stack: string,
  environment: EnvironmentConfig,
): Promise<void> {
  // Of those that rest, too: what their data was last used with, for when they come back.
  const units: Record<string, VerifiedUnit> = { ...readVerified(project, stack)?.units };
  for (const unit of unitsOf(environment)) {
    const container = await inspectContainer(docker, unitContainer(stack, unit));
    if (container === undefined) continue;
    const image = await inspectImage(docker, container.Image);
    units[unitName(unit)] = {
      image: image === undefined ? { id: container.Image } : named(imageFacts(image)),
      shape: shapeOf(container, image?.Config.Env ?? []),
    };
  }
  const stackFile = readFileSync(stackFilePath(project, stack), "utf8");
  writeVerified(project, stack, { verified: 1, at: new Date().toISOString(), stackFile, units });
}

function closeJournals(
  project: Project,
  stack: string,
  service: UpgradeService,
  journals: ReadonlyMap<number, Journal>,
  record: string | undefined,
): void {
  for (const [instance, journal] of journals) {
    const outcome = `verified; record ${record}`;
    const closed: Journal = { ...journal, stage: "closed", outcome };
    writeJournal(project, stack, unitName({ service, instance }), closed);
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

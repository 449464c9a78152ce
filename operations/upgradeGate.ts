import { randomBytes } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import type Docker from "dockerode";
import { imageFacts } from "../checks/upgradeImage";
import { upgradeName } from "../config/names";
import { parseEnvironment } from "../config/schema";
import { shapeOf } from "./containerShape";
import { connectDocker } from "./dockerHost";
import { errorText, Failure } from "./failure";
import { judgeLockText } from "./locks";
import type { Observer } from "./migrationContainer";
import { findProject, readStackFile } from "./project";
import { removeStrayRehearsals } from "./strayRehearsals";
import { imageText, inspectImage, named, requireUpgradable } from "./upgradeImages";
import { isOpen, type Journal, readJournal, type Stage, writeJournal } from "./upgradeJournal";
import { type GateRun, inspectContainer, undo } from "./upgradeRun";
import {
  serviceOf,
  type UpgradeService,
  unitContainer,
  unitName,
  unitTitle,
  unitVolume,
} from "./upgradeServices";
import { lastVerified } from "./upgradeVerified";

/** The gate that a container passes before the engine replaces it by one of another image. */

export interface GateRequest {
  readonly stack: string;
  readonly service: UpgradeService;
  readonly instance: number;
  /** Content address of the image that the container is to have. */
  readonly image: string;
  /** See upgradeJournal.ts. */
  readonly attempt: number;
}

/** What the gate did. */
export interface GateReport {
  readonly done: "nothing" | "upgrade" | "rollback";
  /** One sentence. */
  readonly because: string;
  readonly journal?: Journal;
}

/** Containers may take their time to stop and to start; silence beyond it is a fault. */
const TIMEOUT_MS = 120_000;

/**
 * Makes everything ready for the replacement of one container, or changes nothing.
 *
 * Afterwards it is stopped, and its data is proven to be in a volume of its own. Whatever fails before,
 * the old version serves again. Without an earlier container, or with one of the same image, there is nothing to
 * do. Throws a {@link Failure} that names the stage.
 */
export async function upgradeGate(
  request: GateRequest,
  observer: Observer,
  signal: AbortSignal,
): Promise<GateReport> {
  const project = findProject();
  const docker = await connectDocker(TIMEOUT_MS);
  const { stack } = request;
  const environment = parseEnvironment(readStackFile(project, stack).environment);
  const run: GateRun = { ...request, project, docker, environment, observer, signal };
  const journal = await journalOfNobody(run);
  const container = await inspectContainer(docker, unitContainer(stack, run));
  const attempt = journal?.attempt ?? 0;
  if (!isOpen(journal)) return begin(run, attempt, container);
  await removeStrayRehearsals(docker, stack);
  return goOn(run, journal, container);
}

/** Stages in which a gate is at work; the others are left to whoever comes next. */
const AT_WORK: readonly Stage[] = ["copying", "rehearsing", "stopping", "restoring"];
const OTHER_MS = 120_000;
const POLL_MS = 500;

/**
 * The journal once no other gate is at work: that of an engine which was killed may still be taking things back.
 *
 * Throws a {@link Failure} when it does not end.
 */
async function journalOfNobody(run: GateRun): Promise<Journal | undefined> {
  const { project, stack, observer, signal } = run;
  const end = Date.now() + OTHER_MS;
  for (let waited = false; ; waited = true) {
    const journal = readJournal(project, stack, unitName(run));
    if (journal === undefined || !AT_WORK.includes(journal.stage)) return journal;
    const { kind, reason } = judgeLockText(journal.owner);
    if (kind === "stale") return journal;
    signal.throwIfAborted();
    if (Date.now() > end) {
      throw new Failure(
        "locked",
        `Another gate works on ${run.service.title(run.instance)} of ${stack}: ${reason}.`,
        {
          fix: "wait until it ends, and run it again",
        },
      );
    }
    if (!waited) observer.enter(`waiting for another gate: ${reason}`);
    await wait(POLL_MS);
  }
}

/** What an earlier run has left half way is finished or undone first. */
async function goOn(
  run: GateRun,
  journal: Journal,
  container: Docker.ContainerInspectInfo | undefined,
): Promise<GateReport> {
  const wanted = run.image === journal.to.id;
  const isOld = container !== undefined && container.Id === journal.container?.id;
  if (journal.stage === "passed" && !isOld) return afterReplacement(run, journal, wanted);
  if (journal.kind === "rollback" && wanted) {
    const { goBack } = await import("./upgradeReturn.js");
    const passed = await goBack(run, journal, container);
    return { done: "rollback", because: `goes back to ${imageText(journal.to)}`, journal: passed };
  }
  await undo(run, journal);
  return begin(run, journal.attempt, await inspectContainer(run.docker, journal.container?.name));
}

/** The replacement may have been at work on the data: only it, or a way back, may follow. */
function afterReplacement(run: GateRun, journal: Journal, wanted: boolean): GateReport {
  if (!wanted) {
    throw new Failure(
      "state",
      `${unitTitle(run)} went over to ${imageText(journal.to)}, and that has not been verified yet.`,
      {
        fix: `finish it with the image that it has in Pulumi.${run.stack}.yaml (npx doom up ${run.stack}), or take it back: npx doom rollback ${run.stack}`,
      },
    );
  }
  const again = { ...journal, attempt: run.attempt };
  writeJournal(run.project, run.stack, unitName(run), again);
  return { done: journal.kind, because: "the data is copied and proven already", journal };
}

async function begin(
  run: GateRun,
  attempt: number,
  container: Docker.ContainerInspectInfo | undefined,
): Promise<GateReport> {
  const { project, stack, instance, docker, image } = run;
  const last = lastVerified(project, stack, unitName(run));
  const before = container?.Image ?? last?.image.id;
  const live = await volumeExists(docker, unitVolume(stack, run));
  if (before === undefined || !live || before === image) {
    if (attempt !== run.attempt) noteAttempt(run);
    return {
      done: "nothing",
      because: before === image && live ? "the image is the same" : "there is no earlier one",
    };
  }
  const old = await inspectImage(docker, before);
  const from = old === undefined ? (last?.image ?? { id: before }) : named(imageFacts(old));
  const shape = container ? shapeOf(container, old?.Config.Env ?? []) : last?.shape;
  if (shape === undefined) throw new Error(`nobody knows what ${unitName(run)} was like`);
  const to = named(await requireUpgradable(docker, run, { version: from.version }, image));
  const id = randomBytes(4).toString("hex");
  // Most gates have nothing to do: only here is all of it loaded.
  const { passUpgrade } = await import("./upgradeStages.js");
  const journal = await passUpgrade(run, {
    journal: 1,
    kind: "upgrade",
    id,
    stage: "copying",
    owner: "",
    attempt,
    from,
    to,
    ...(container
      ? {
          container: {
            id: container.Id,
            name: container.Name.slice(1),
            running: container.State.Running,
          },
        }
      : {}),
    shape,
    copy: upgradeName(stack, "before-upgrade", instance, id),
    startedAt: new Date().toISOString(),
    timings: {},
  });
  return { done: "upgrade", because: `${imageText(from)} gives way to ${imageText(to)}`, journal };
}

/** After something was set right: the engine is not to come back for it. */
function noteAttempt(run: GateRun): void {
  const { project, stack, attempt } = run;
  const journal = readJournal(project, stack, unitName(run));
  if (journal) writeJournal(project, stack, unitName(run), { ...journal, attempt });
}

async function volumeExists(docker: Docker, name: string): Promise<boolean> {
  try {
    await docker.getVolume(name).inspect();
    return true;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return false;
    throw error;
  }
}

function readRequest(environment: NodeJS.ProcessEnv): GateRequest {
  const { DOOM_STACK: stack, DOOM_IMAGE: image, DOOM_SERVICE: service } = environment;
  const [instance, attempt] = [Number(environment.DOOM_INSTANCE), Number(environment.DOOM_ATTEMPT)];
  const numbers = [instance, attempt];
  if (!stack || !image || !service || !numbers.every(Number.isInteger)) {
    throw new Error(
      "DOOM_STACK, DOOM_SERVICE, DOOM_IMAGE, DOOM_INSTANCE and DOOM_ATTEMPT have to be set",
    );
  }
  return { stack, service: serviceOf(service), image, instance, attempt };
}

/** Runs as a command of the stack; phases on standard error, one JSON document on standard output. */
async function main(): Promise<void> {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () =>
      controller.abort(new Failure("interrupted", "The upgrade was interrupted.")),
    );
  }
  const say = (text: string) => process.stderr.write(`${text}\n`);
  const observer: Observer = { enter: say, line: say };
  const report = await upgradeGate(readRequest(process.env), observer, controller.signal);
  const { done, because } = report;
  process.stdout.write(`${JSON.stringify({ done, because, id: report.journal?.id })}\n`);
}

if (require.main === module) {
  main().catch((error: unknown) => {
    process.stderr.write(`upgrade gate: ${errorText(error)}\n`);
    process.exitCode = 1;
  });
}

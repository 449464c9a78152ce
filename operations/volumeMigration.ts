import type Docker from "dockerode";
import { ManifestError } from "../checks/manifest";
import type { Endpoint } from "../checks/migrationEndpoint";
import {
  activeWriters,
  pairProblems,
  sourceProblems,
  targetProblems,
} from "../checks/migrationRules";
import { exportArchive } from "./archiveExport";
import { archiveFiles } from "./archiveFiles";
import { importArchive, openArchive } from "./archiveImport";
import { forgetCopy, isRemembered } from "./copyRecord";
import { connectDocker, dockerFailure, isDockerError } from "./dockerHost";
import { Failure } from "./failure";
import { clearStaleLocks, withLock } from "./locks";
import { manifestEnd } from "./manifest";
import {
  inContainerOf,
  type MigrationContext,
  type Observer,
  SOURCE,
  sourceMount,
} from "./migrationContainer";
import { lookAt, makeVolume, type Place, type PlaceEndpoint } from "./migrationPlaces";
import { type CopyPlan, type CopyResult, copyPlace, NOTHING, planCopy } from "./placeCopy";
import { findProject, listStacks } from "./project";
import { READING } from "./toolsContainer";
import { needsOf } from "./treeRoom";
import { resumeWriters } from "./writers";

/** Moves the data of volumes: from one to another, to and from folders and archives. */

export interface MigrationRequest {
  readonly from: Endpoint;
  readonly to: Endpoint;
  /** Whether data of one environment may go to another. */
  readonly acrossEnvironments?: boolean;
  /** Trusts sizes, inodes and times instead of reading again what was proven before. */
  readonly quick?: boolean;
  /** Gives up what was changed in an earlier copy since it was made. */
  readonly overwrite?: boolean;
  /** The stack whose update this is a part of: it is locked already. */
  readonly lockedStack?: string;
  readonly signal?: AbortSignal;
}

/** Containers may take their time to stop and to start; silence beyond it is a fault. */
const TIMEOUT_MS = 120_000;

/**
 * Does one migration and proves it; docs/volumes.md says what that means.
 *
 * What killed runs left stopped is started first. Throws a {@link Failure}; when the request itself is at
 * fault, before anything has changed.
 */
export async function migrateVolume(
  request: MigrationRequest,
  observer: Observer,
): Promise<CopyResult> {
  return withContext(request, observer, async (context) => {
    for (const note of await resumeWriters(context.project, context.docker)) observer.line(note);
    const { from, to } = request;
    if (from.kind === "archive") return unpack(request, from.path, placeEndpoint(to), context);
    const source = await lookAtSource(context, from);
    if (to.kind === "archive") {
      return whileLocked(request, context, [source], () =>
        exportArchive({ ...context, source, folder: to.path }),
      );
    }
    const target = await lookAtTarget(context, to, source.stack);
    requireAllowed(source, target, request);
    return whileLocked(request, context, [source, target], () =>
      withVolume(context, target, (made) =>
        copyPlace({ ...context, source, target: made, ...choices(request) }),
      ),
    );
  });
}

/** Finds out what a migration would do, and changes nothing. Throws like {@link migrateVolume}. */
export async function planMigration(
  request: MigrationRequest,
  observer: Observer,
): Promise<CopyPlan> {
  return withContext(request, observer, async (context) => {
    const { from, to } = request;
    if (from.kind === "archive") {
      const target = await lookAtTarget(context, placeEndpoint(to));
      await openArchive(from.path, target, request.acrossEnvironments ?? false);
      const { bytes, entries } = await manifestEnd(archiveFiles(from.path).manifest);
      return { copied: { ...NOTHING, bytes, created: entries, transferred: entries }, stops: [] };
    }
    const source = await lookAtSource(context, from);
    if (to.kind === "archive") return planExport(context, source);
    const target = await lookAtTarget(context, to, source.stack);
    requireAllowed(source, target, request);
    return planCopy({ ...context, source, target, ...choices(request) });
  });
}

const choices = ({ quick = false, overwrite = false }: MigrationRequest) => ({ quick, overwrite });

/** Does `work` with this project and the Docker host; what goes wrong with Docker is said in words. */
export async function withContext<T>(
  { signal }: Pick<MigrationRequest, "signal">,
  observer: Observer,
  work: (context: MigrationContext) => Promise<T>,
): Promise<T> {
  const project = findProject();
  const docker = await connectDocker(TIMEOUT_MS);
  try {
    const context = { project, docker, observer, ...(signal === undefined ? {} : { signal }) };
    return await work(context);
  } catch (error) {
    if (error instanceof ManifestError) {
      throw new Failure(
        "data",
        `The manifest of the archive or the earlier copy ${error.message}.`,
        {
          fix: "use another archive, or an empty target",
        },
      );
    }
    throw isDockerError(error) ? dockerFailure(error) : error;
  }
}

function placeEndpoint(endpoint: Endpoint): PlaceEndpoint {
  if (endpoint.kind !== "archive") return endpoint;
  throw new Failure("usage", "Source and target are both archives.", {
    fix: "an archive is a folder: copy it with cp -a",
  });
}

async function lookAtSource(
  { project, docker }: MigrationContext,
  endpoint: PlaceEndpoint,
): Promise<Place> {
  const source = await lookAt(project, docker, endpoint);
  if (!source.exists) {
    throw new Failure("usage", `There is no volume ${source.at} on the Docker host.`, {
      fix: "docker volume ls shows what there is",
    });
  }
  refuse("Data cannot be read from there:", sourceProblems(source));
  return source;
}

async function lookAtTarget(
  { project, docker }: MigrationContext,
  endpoint: PlaceEndpoint,
  owner?: string,
): Promise<Place> {
  const target = await lookAt(project, docker, endpoint, owner);
  refuse("Data cannot be written there:", targetProblems(target));
  return target;
}

function requireAllowed(source: Place, target: Place, request: MigrationRequest): void {
  const { acrossEnvironments = false } = request;
  refuse("This data may not go there:", pairProblems(source, target, { acrossEnvironments }));
}

/** Throws a {@link Failure} for wrong usage when there are problems. */
export function refuse(summary: string, problems: readonly string[]): void {
  if (problems.length > 0) throw new Failure("usage", summary, { problems });
}

async function unpack(
  request: MigrationRequest,
  folder: string,
  endpoint: PlaceEndpoint,
  context: MigrationContext,
): Promise<CopyResult> {
  const target = await lookAtTarget(context, endpoint);
  context.observer.enter("checking the archive");
  const archive = await openArchive(folder, target, request.acrossEnvironments ?? false);
  return whileLocked(request, context, [target], () =>
    withVolume(context, target, (made) =>
      importArchive({ ...context, folder, target: made, ...choices(request) }, archive),
    ),
  );
}

async function planExport(context: MigrationContext, source: Place): Promise<CopyPlan> {
  const container = { mounts: [sourceMount(source)], capabilities: READING };
  const { bytes, files } = await inContainerOf(context, source, container, (tools) =>
    needsOf(tools, SOURCE),
  );
  const copied = { ...NOTHING, bytes, created: files, transferred: files };
  return { copied, stops: activeWriters(source).map(({ name }) => name) };
}

/** Does `work` while no update of the environments takes place: it would start what is stopped. */
export async function whileLocked<T>(
  { lockedStack }: Pick<MigrationRequest, "lockedStack">,
  { project }: MigrationContext,
  places: readonly Pick<Place, "stack">[],
  work: () => Promise<T>,
): Promise<T> {
  const known = new Set(listStacks(project));
  const concerned = new Set(places.flatMap(({ stack }) => stack ?? []));
  const stacks = [...concerned].filter((stack) => known.has(stack) && stack !== lockedStack).sort();
  for (const stack of stacks) clearStaleLocks(project, stack);
  // Always in the same order, so that two that need both do not wait for each other.
  return stacks.reduceRight<() => Promise<T>>(
    (inner, stack) => () => withLock(project, stack, inner),
    work,
  )();
}

/** Does `work` with the volume, which is made first; and taken away when nothing was put into it. */
export async function withVolume<T>(
  { project, docker }: MigrationContext,
  target: Place,
  work: (target: Place) => Promise<T>,
): Promise<T> {
  if (target.exists) return work(target);
  // It would speak of an earlier volume of that name.
  forgetCopy(project, target.key);
  const made = await makeVolume(docker, target);
  try {
    return await work(made);
  } catch (error) {
    if (!isRemembered(project, made.key)) await removeVolume(docker, made.at);
    throw error;
  }
}

async function removeVolume(docker: Docker, name: string): Promise<void> {
  try {
    await docker.getVolume(name).remove();
  } catch (error) {
    // Docker is gone, or somebody uses it already: neither hides why the work failed.
    if ((error as { statusCode?: number }).statusCode === undefined) return;
    if ((error as { statusCode?: number }).statusCode !== 409) throw error;
  }
}

import { addressesCollide, foreignPublisher } from "../checks/ports";
import type { Room } from "../checks/transferText";
import { unflatten } from "../config/flatSettings";
import type { KeyReport } from "../config/migrations/report";
import { type EnvironmentConfig, parseEnvironment } from "../config/schema";
import { findSetup, type OldSetup, writersOf } from "./adoptionFind";
import { type AdoptionNote, readNote } from "./adoptionNote";
import {
  copyStateOf,
  dataVolume,
  extensionsOfSetup,
  mountsOf,
  needsOfSetup,
  openRecord,
  refuseClashes,
} from "./adoptionTrees";
import { dockerFacts } from "./dockerHost";
import { Failure } from "./failure";
import { inContainerOf, type MigrationContext, type Observer } from "./migrationContainer";
import type { Place } from "./migrationPlaces";
import { neighbourStacks } from "./neighbours";
import { portState } from "./portOwner";
import { gatewayAddress, preflight } from "./preflight";
import { planStackMigration, type StackMigration } from "./stackMigration";
import { READING } from "./toolsContainer";
import { withContext } from "./volumeMigration";

/** Finds out what an adoption would do. Nothing in this file changes anything. */

export interface AdoptionRequest {
  /** The stack that takes the setup over; made when there is none of that name. */
  readonly stack: string;
  /** The setup's `.env`, or its folder; the only setup on the host when absent. */
  readonly from?: string;
  /** The port of a new stack; the one in the `.env` when absent. */
  readonly port?: number;
  readonly signal?: AbortSignal;
}

export interface AdoptionPlan {
  readonly stack: string;
  readonly setup: OldSetup;
  readonly migration: StackMigration;
  /** The port that the stack will have on the host. */
  readonly port: number;
  /** Name of the volume that the data goes to. */
  readonly volume: string;
  /** `begun`: an earlier run ended while it copied; `copied`: the data is there and was proven. */
  readonly state: "new" | "begun" | "copied" | "adopted";
  /** Of the earlier run whose copy is there. */
  readonly note: AdoptionNote | undefined;
  /** What the old data takes on a disk. */
  readonly size: Room["needed"];
  /** Names of the containers that are stopped for the last pass of the copy. */
  readonly stops: readonly string[];
  readonly extensions: readonly string[];
}

/**
 * Finds the old setup and everything that would stop its adoption.
 *
 * Throws a {@link Failure} or a ConfigError that names it.
 */
export async function planAdoption(
  request: AdoptionRequest,
  observer: Observer,
): Promise<AdoptionPlan> {
  const { stack, from, port } = request;
  return withContext(request, observer, async (context) => {
    observer.enter("looking for the old setup");
    const setup = await findSetup(context, from);
    const migration = withPort(planStackMigration(context.project, stack, setup.env), port);
    const environment = parseEnvironment(unflatten(migration.plan.document.settings));
    const target = await dataVolume(context, stack);
    const seen = await look(context, setup, target);
    const isCopied = seen.state === "copied" || seen.state === "adopted";
    if (!isCopied) await requireHost(context, migration, environment);
    return {
      stack,
      setup,
      migration,
      port: environment.access.port,
      volume: target.at,
      ...seen,
      stops: isCopied ? [] : writersOf(setup).map(({ name }) => name),
    };
  });
}

async function look(context: MigrationContext, setup: OldSetup, target: Place) {
  const { stack } = target;
  const container = { mounts: mountsOf(setup, target, "read"), capabilities: READING };
  return inContainerOf(context, { stack }, container, async (tools) => {
    const record = await openRecord(tools, context.project, setup, target);
    const copied = await copyStateOf(tools, record, target);
    const note = copied === "verified" ? readNote(record) : undefined;
    if (copied !== "verified") await refuseClashes(tools, setup);
    const [size, extensions] = await Promise.all([
      needsOfSetup(tools, setup),
      note?.extensions ?? extensionsOfSetup(tools),
    ]);
    return { state: stateOf(copied, note), note, size, extensions };
  });
}

function stateOf(
  copied: "none" | "copying" | "verified",
  note: AdoptionNote | undefined,
): AdoptionPlan["state"] {
  if (copied === "none") return "new";
  if (copied === "copying" || note === undefined) return "begun";
  return note.adoptedAt === undefined ? "copied" : "adopted";
}

/** The same migration with another port, as far as the stack's file does not say one yet. */
function withPort(migration: StackMigration, port: number | undefined): StackMigration {
  const { plan, before, stack } = migration;
  const { settings } = plan.document;
  if (port === undefined || settings.get(PORT) === port) return migration;
  if (before !== undefined) {
    throw new Failure("usage", `--port ${port}: Pulumi.${stack}.yaml says another one already.`, {
      fix: `leave --port out, or set access.port in Pulumi.${stack}.yaml`,
    });
  }
  plan.document.setSettings(settings.set(PORT, port), new Map());
  return {
    ...migration,
    plan: { ...plan, keys: plan.keys.map((report) => withPortReport(report, port)) },
  };
}

const PORT = "access.port";

function withPortReport(report: KeyReport, port: number): KeyReport {
  const reason = `--port says ${port}`;
  if (report.outcome === "renamed" && report.to === PORT)
    return { outcome: "notCarried", key: report.key, reason };
  if (report.outcome === "added" && report.key === PORT) return { ...report, value: port, reason };
  return report;
}

/** Throws a {@link Failure} unless the host can take the environment beside the old setup. */
async function requireHost(
  { project }: MigrationContext,
  { stack, before }: StackMigration,
  environment: EnvironmentConfig,
): Promise<void> {
  // The file that the preflight would have changed is not there yet.
  if (before === undefined) {
    const address = gatewayAddress(environment);
    const { published } = await dockerFacts();
    const neighbours = neighbourStacks(project, stack).filter((other) =>
      addressesCollide(other.address, address),
    );
    const holder = async (port: number): Promise<string | undefined> => {
      const container = foreignPublisher(published, { stack, address, port })?.container;
      if (container !== undefined) return `the container ${container}`;
      const neighbour = neighbours.find((other) => other.port === port);
      if (neighbour !== undefined) return `the stack ${neighbour.stack}`;
      const state = await portState(address, port);
      if (state.kind === "free") return undefined;
      return state.kind === "taken" && state.owner ? state.owner : "another process";
    };
    await requireFreePort(environment.access.port, address, holder);
  }
  await preflight({ stack, environment });
}

async function requireFreePort(
  port: number,
  address: string,
  holder: (port: number) => Promise<string | undefined>,
): Promise<void> {
  const owner = await holder(port);
  if (owner === undefined) return;
  let free = port + 1;
  while (free < MAX_PORT && (await holder(free)) !== undefined) free += 1;
  throw new Failure("preflight", `Port ${port} of ${address} is taken by ${owner}.`, {
    fix: `give the new environment another one: --port ${free} is free; the old setup keeps its own`,
  });
}

const MAX_PORT = 65535;

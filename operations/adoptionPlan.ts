import type { Room } from "../checks/transferText";
import type { EnvironmentConfig } from "../config/schema";
import { findSetup, type OldSetup, writersOf } from "./adoptionFind";
import { environmentOf, fitToHost } from "./adoptionHost";
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
import { inContainerOf, type MigrationContext, type Observer } from "./migrationContainer";
import type { Place } from "./migrationPlaces";
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
  /** Where the new editor will be. */
  readonly url: string;
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
    const migration = await fitToHost(
      context,
      setup,
      planStackMigration(context.project, stack, setup.env),
      port,
    );
    const environment = environmentOf(migration);
    const target = await dataVolume(context, stack);
    const seen = await look(context, setup, target);
    const isCopied = seen.state === "copied" || seen.state === "adopted";
    if (!isCopied) await preflight({ stack, environment });
    return {
      stack,
      setup,
      migration,
      url: urlOf(environment),
      volume: target.at,
      ...seen,
      stops: isCopied ? [] : writersOf(setup).map(({ name }) => name),
    };
  });
}

function urlOf(environment: EnvironmentConfig): string {
  const { tier, port } = environment.access;
  return `${tier === "local" ? "http" : "https"}://${gatewayAddress(environment)}:${port}/`;
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

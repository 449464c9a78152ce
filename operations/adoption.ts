import { join } from "node:path";
import { compareManifests } from "../checks/manifestCompare";
import { activeWriters } from "../checks/migrationRules";
import { dockerName } from "../config/names";
import { passwordName } from "../config/secrets";
import { copySetup, MANIFESTS, type SetupCopy } from "./adoptionCopy";
import { findSetup, type OldSetup } from "./adoptionFind";
import { type AdoptionNote, readNote, writeNote } from "./adoptionNote";
import type { AdoptionPlan } from "./adoptionPlan";
import { CONFIG, dataVolume, mountsOf, openRecord, WORKSPACE } from "./adoptionTrees";
import type { CopyRecord } from "./copyRecord";
import { deepGate, type GateResult } from "./deepGate";
import { Failure } from "./failure";
import { GATE_TIMES } from "./gateInput";
import { createManifest, manifestEntries } from "./manifest";
import { inContainerOf, type MigrationContext, type Observer } from "./migrationContainer";
import type { Place } from "./migrationPlaces";
import { describeDifference } from "./placeCopy";
import type { StackMigration } from "./stackMigration";
import { openSession } from "./stackSession";
import { readSecretValues } from "./storedSecrets";
import { READING, type ToolsContainer } from "./toolsContainer";
import { withContext } from "./volumeMigration";
import { resumeWriters } from "./writers";

/** What an adoption asks of who carries it out: both need the engine, whose progress is shown elsewhere. */
export interface AdoptionSteps {
  /** Writes the stack's file and makes the stack; the `.env` is only read. */
  configure(migration: StackMigration): Promise<void>;
  /** Brings the stack up, on the volume that is there. */
  bringUp(stack: string): Promise<void>;
}

/** What is known of a part of the old setup in the end. */
export interface OldVerdict {
  readonly what: string;
  /**
   * By its manifest `unchanged` since it was copied, or `changed` by others: an adoption only reads it.
   * `inUse`: its containers go on writing to it, so that a comparison says nothing.
   */
  readonly state: "unchanged" | "changed" | "inUse";
  /** What others have changed: the first of it, a line each. */
  readonly differences: readonly string[];
}

export interface AdoptionResult {
  /** Undefined when an earlier run had copied and proven the data. */
  readonly copy: SetupCopy | undefined;
  /** ISO 8601: until when the old editor's work is in the new one. */
  readonly copiedAt: string;
  readonly extensions: readonly string[];
  readonly gate: GateResult;
  readonly old: readonly OldVerdict[];
}

/**
 * Carries out a planned adoption: configuration, data, environment, and the proof that it works.
 *
 * The data is copied before the new editor exists, so that nobody has to be stopped for it and a failure
 * leaves nothing that runs. Each step finds out whether an earlier run has done it. Throws a
 * {@link Failure}; the old setup is as it was in any case.
 */
export async function adoptSetup(
  plan: AdoptionPlan,
  steps: AdoptionSteps,
  observer: Observer,
  signal?: AbortSignal,
): Promise<AdoptionResult> {
  const { stack, migration, setup, state } = plan;
  return withContext(signal === undefined ? {} : { signal }, observer, async (context) => {
    for (const note of await resumeWriters(context.project, context.docker)) observer.line(note);
    if (migration.changes) await steps.configure(migration);
    const isCopied = state === "copied" || state === "adopted";
    const copy = isCopied ? undefined : await copySetup(context, setup.env, stack);
    await steps.bringUp(stack);
    return withCopy(context, setup.env, stack, async (tools, record, present) => {
      const note = requireNote(record, stack);
      const gate = await requireGate(context, stack, note);
      const old = await judgeOld(context, tools, record, present);
      writeNote(record, { ...note, adoptedAt: new Date().toISOString() });
      const { copiedAt, extensions } = note;
      return { copy, copiedAt, extensions, gate, old };
    });
  });
}

/** Does `work` with the old data in view, and with what is remembered of its copy. */
async function withCopy<T>(
  context: MigrationContext,
  env: string,
  stack: string,
  work: (tools: ToolsContainer, record: CopyRecord, setup: OldSetup) => Promise<T>,
): Promise<T> {
  const setup = await findSetup(context, env);
  const target = await dataVolume(context, stack);
  const container = { mounts: mountsOf(setup, target, "read"), capabilities: READING };
  return inContainerOf(context, { stack }, container, async (tools) =>
    work(tools, await openRecord(tools, context.project, setup, target), setup),
  );
}

function requireNote(record: CopyRecord, stack: string): AdoptionNote {
  const note = record.state === "verified" ? readNote(record) : undefined;
  if (note !== undefined) return note;
  throw new Failure("data", `The volume of ${stack} is no longer the one that was copied to.`, {
    fix: "run the same command again",
  });
}

/** Uses the new editor as its user would. Throws a {@link Failure} with every check that fails. */
async function requireGate(
  { observer }: MigrationContext,
  stack: string,
  { extensions }: AdoptionNote,
): Promise<GateResult> {
  observer.enter("using the new editor");
  const { passwords } = await readSecretValues(await openSession(stack));
  const made = passwords.get(passwordName(1));
  if (made === undefined) throw new Error(`${stack} is up, but has no ${passwordName(1)}`);
  const container = dockerName(stack, "code-server", 1);
  const gate = await deepGate({ container, loginHash: made.hash, extensions, ...GATE_TIMES });
  if (gate.passed) return gate;
  throw new Failure("unhealthy", `${stack} is up with the data, but its editor does not pass:`, {
    problems: [
      ...gate.checks
        .filter(({ passed }) => !passed)
        .map(({ name, evidence }) => `${name}: ${evidence}`),
      ...(gate.log ?? []).map((line) => `log: ${line}`),
    ],
    fix: `put that right and run the same command again; the old setup is as it was, and npx doom down ${stack} --purge takes the new one away`,
  });
}

/** Compares the old data with what it was when it was copied, where nobody may have worked in it since. */
async function judgeOld(
  { observer }: MigrationContext,
  tools: ToolsContainer,
  record: CopyRecord,
  { config, workspace }: OldSetup,
): Promise<OldVerdict[]> {
  observer.enter("comparing the old data with what it was");
  record.begin();
  const judge = async (place: Place, root: string, manifest: string): Promise<OldVerdict> => {
    const what = place.title;
    if (activeWriters(place).length > 0) return { what, state: "inUse", differences: [] };
    const [earlier, file] = [join(record.folder, manifest), join(record.next, manifest)];
    await createManifest(tools, { root, file, earlier });
    const differences: string[] = [];
    for await (const one of compareManifests(manifestEntries(earlier), manifestEntries(file)))
      if (differences.length < SHOWN) differences.push(describeDifference(one));
    return { what, state: differences.length === 0 ? "unchanged" : "changed", differences };
  };
  return [
    await judge(config, CONFIG, MANIFESTS.config),
    ...(workspace ? [await judge(workspace, WORKSPACE, MANIFESTS.workspace)] : []),
  ];
}

/** How many differences are kept. */
const SHOWN = 10;

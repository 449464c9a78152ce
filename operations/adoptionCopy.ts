import { renameSync } from "node:fs";
import { join } from "node:path";
import { type ManifestEnd, pathBytes } from "../checks/manifest";
import { compareManifests, type Difference } from "../checks/manifestCompare";
import { type Clash, mergeManifests } from "../checks/manifestMerge";
import { targetProblems } from "../checks/migrationRules";
import { addTotals, type TransferTotals } from "../checks/rsyncOutput";
import { findSetup, type OldSetup, writersOf } from "./adoptionFind";
import { readNote, writeNote } from "./adoptionNote";
import {
  CONFIG,
  clashFailure,
  copyStateOf,
  dataVolume,
  extensionsOfSetup,
  INSIDE,
  mountsOf,
  needsOfSetup,
  openRecord,
  refuseClashes,
  WORKSPACE,
} from "./adoptionTrees";
import { type CopyRecord, SOURCE_MANIFEST, TARGET_MANIFEST } from "./copyRecord";
import { Failure } from "./failure";
import { createManifest, manifestEntries } from "./manifest";
import { inContainerOf, type MigrationContext, refuseUse, TARGET } from "./migrationContainer";
import type { Place } from "./migrationPlaces";
import { describeDifference, NOTHING } from "./placeCopy";
import { showCopy } from "./shownCopy";
import { type ToolsContainer, WRITING } from "./toolsContainer";
import { requireRoom } from "./treeRoom";
import { refuse, whileLocked, withVolume } from "./volumeMigration";
import { whileStopped } from "./writers";

/** Copies the data of an old setup into the volume of a new editor, and proves it. */

export interface SetupCopy {
  readonly copied: TransferTotals;
  /** The end of the new volume's manifest. */
  readonly manifest: ManifestEnd;
  /** Names of the containers that were stopped and started again. */
  readonly stopped: readonly string[];
  /** For how long, in seconds. */
  readonly downtime: number;
}

/** The manifests that a proof consists of, by the tree that each is of. */
export const MANIFESTS = {
  config: SOURCE_MANIFEST,
  workspace: "workspace.jsonl",
  target: TARGET_MANIFEST,
} as const;

/**
 * Makes the volume of the first editor of `stack` hold what the setup of `env` has: `/config` as it is, and
 * the folder with the projects in it as `workspace`.
 *
 * While the old editor runs, a first pass copies most of it; then what writes there is stopped, a last pass
 * copies the rest, the proof is made, and it is started again, whatever happens. Interrupted at any
 * moment, the old data is as it was and the next run finishes. Throws a {@link Failure}.
 */
export async function copySetup(
  context: MigrationContext,
  env: string,
  stack: string,
): Promise<SetupCopy> {
  const setup = await findSetup(context, env);
  return whileLocked({}, context, [{ stack }], async () => {
    const place = await dataVolume(context, stack);
    refuse(`The data cannot go into ${stack}:`, targetProblems(place));
    return withVolume(context, place, (target) => {
      const container = { mounts: mountsOf(setup, target, "write"), capabilities: WRITING };
      return inContainerOf(context, { stack }, container, async (tools) => {
        const record = await openRecord(tools, context.project, setup, target);
        return new Copy(context, setup, target, tools, record).run();
      });
    });
  });
}

class Copy {
  private copied = NOTHING;

  constructor(
    private readonly context: MigrationContext,
    private readonly setup: OldSetup,
    private readonly target: Place,
    private readonly tools: ToolsContainer,
    private readonly record: CopyRecord,
  ) {}

  async run(): Promise<SetupCopy> {
    const { project, docker, observer } = this.context;
    observer.enter("looking at the old data");
    await refuseUse(docker, this.target, this.tools);
    const state = await copyStateOf(this.tools, this.record, this.target);
    if (state === "verified" && readNote(this.record) !== undefined) {
      throw new Failure("locked", "Another run has just copied this data.", {
        fix: "when that has ended, run the same command again",
      });
    }
    this.record.begin();
    await refuseClashes(this.tools, this.setup);
    if (state === "none") {
      await requireRoom(this.tools, TARGET, await needsOfSetup(this.tools, this.setup));
    }
    this.record.copying();
    const writers = writersOf(this.setup);
    const names = writers.map(({ name }) => name);
    if (names.length > 0) await this.pass(`copying while ${names.join(", ")} runs`, true);
    let downtime = 0;
    const manifest = await whileStopped(project, docker, writers, async () => {
      const stoppedAt = Date.now();
      await this.pass("copying", false);
      const end = await this.prove();
      await this.remember(new Date(stoppedAt).toISOString());
      downtime = (Date.now() - stoppedAt) / 1000;
      return end;
    });
    return { copied: this.copied, manifest, stopped: names, downtime };
  }

  private async pass(phase: string, live: boolean): Promise<void> {
    const totals = await showCopy(this.tools, this.context.observer, phase, {
      from: CONFIG,
      ...(this.setup.workspace ? { inside: WORKSPACE } : {}),
      to: TARGET,
      live,
    });
    this.copied = addTotals(this.copied, totals);
  }

  /** Proves that all has arrived; what only reading shows to differ is copied once more. */
  private async prove(): Promise<ManifestEnd> {
    await this.tools.run(["sync", "--file-system", TARGET]);
    let { end, differences } = await this.compare();
    const contents = differences.filter(({ kind }) => kind === "content");
    if (contents.length > 0) {
      await this.makeOld(contents);
      await this.pass(`copying ${contents.length} files again`, false);
      ({ end, differences } = await this.compare());
    }
    if (differences.length === 0) return end;
    throw new Failure("data", `${this.target.title} is not equal to what the old setup has:`, {
      problems: [
        ...differences.slice(0, SHOWN).map(describeDifference),
        ...(differences.length > SHOWN ? [`… ${differences.length} in all`] : []),
      ],
      fix: "see whether something else writes to the old data, and run the same command again",
    });
  }

  private async compare(): Promise<{ end: ManifestEnd; differences: Difference[] }> {
    this.context.observer.enter("comparing every file of the old data and the new");
    const { tools, setup, record } = this;
    const file = (tree: keyof typeof MANIFESTS) => join(record.next, MANIFESTS[tree]);
    const make = (root: string, tree: keyof typeof MANIFESTS) =>
      createManifest(tools, { root, file: file(tree) });
    const [end] = await Promise.all([
      make(TARGET, "target"),
      make(CONFIG, "config"),
      ...(setup.workspace ? [make(WORKSPACE, "workspace")] : []),
    ]);
    const inner = setup.workspace ? manifestEntries(file("workspace")) : [];
    const clashes: Clash[] = [];
    const expected = mergeManifests(manifestEntries(file("config")), inner, INSIDE, (clash) =>
      clashes.push(clash),
    );
    const differences: Difference[] = [];
    for await (const one of compareManifests(expected, manifestEntries(file("target"))))
      differences.push(one);
    // Made after they were looked for, while the old editor still ran.
    if (clashes.length > 0) throw clashFailure(setup.config, setup.workspace as Place, clashes);
    return { end, differences };
  }

  /** By another time the next pass sees that they differ. */
  private async makeOld(differences: readonly Difference[]): Promise<void> {
    const paths = differences.map(({ path }) => Buffer.from(pathBytes(path), "latin1"));
    const names = paths.flatMap((path) => [Buffer.from(`${TARGET}/`), path, Buffer.from([0])]);
    await this.tools.run(["xargs", "--null", "touch", "--no-create", "--no-dereference", "--"], {
      input: (async function* () {
        yield Buffer.concat(names);
      })(),
    });
  }

  /** From here on the copy is one, and is not made again. */
  private async remember(copiedAt: string): Promise<void> {
    const extensions = await extensionsOfSetup(this.tools);
    if (this.setup.workspace) {
      const { next, folder } = this.record;
      renameSync(join(next, MANIFESTS.workspace), join(folder, MANIFESTS.workspace));
    }
    writeNote(this.record, { adoption: 1, env: this.setup.env, copiedAt, extensions });
    this.record.verified([SOURCE_MANIFEST, TARGET_MANIFEST]);
  }
}

/** How many differences a message shows. */
const SHOWN = 10;

import { isDeepStrictEqual } from "node:util";
import type { ManifestEnd } from "../checks/manifest";
import { compareManifests, type Difference } from "../checks/manifestCompare";
import { activeWriters } from "../checks/migrationRules";
import { addTotals, type TransferTotals } from "../checks/rsyncOutput";
import { workText } from "../checks/transferText";
import { VOLATILE_PATHS } from "../checks/volatilePaths";
import {
  CopyRecord,
  type CopyState,
  isRemembered,
  SOURCE_MANIFEST,
  type Stamps,
  TARGET_MANIFEST,
} from "./copyRecord";
import { Failure } from "./failure";
import { createManifest, manifestEnd, manifestEntries } from "./manifest";
import {
  identitiesOf,
  inContainerOf,
  type MigrationContext,
  refuseUse,
  SOURCE,
  sourceMount,
  TARGET,
  targetMount,
} from "./migrationContainer";
import type { Place } from "./migrationPlaces";
import { showCopy } from "./shownCopy";
import { READING, type ToolsContainer, WRITING } from "./toolsContainer";
import { copyContents, copyTree, flushTree } from "./treeCopy";
import { fillTree } from "./treeFill";
import { type Proof, proofFiles, proveEqual } from "./treeProof";
import { isEmpty, needsOf, requireRoom } from "./treeRoom";
import { stampsOf } from "./treeStamps";
import { whileStopped } from "./writers";

export interface CopyRequest extends MigrationContext {
  /** Both exist, and nothing speaks against the copy; see operations/volumeMigration.ts. */
  readonly source: Place;
  readonly target: Place;
  /** Trusts sizes, inodes and times instead of reading again what was proven before. */
  readonly quick: boolean;
  /** Gives up what was changed in an earlier copy since it was made. */
  readonly overwrite: boolean;
}

export interface CopyResult {
  /** Whether anything was different. */
  readonly changed: boolean;
  /** What the passes did, together. */
  readonly copied: TransferTotals;
  /** The end of the source's manifest, which is the target's as well. */
  readonly manifest: ManifestEnd;
  /** Where it is. */
  readonly manifestFile: string;
  /** Names of the containers that were stopped and started again. */
  readonly stopped: readonly string[];
  /** For how long, in seconds. */
  readonly downtime: number;
}

type Stop = Pick<CopyResult, "stopped" | "downtime">;

/** What there is to do. */
export interface CopyPlan {
  readonly copied: TransferTotals;
  /** Names of the containers that would be stopped for a moment. */
  readonly stops: readonly string[];
}

const TREES = { from: SOURCE, to: TARGET };
/** What a pass has done that had nothing to do. */
export const NOTHING: TransferTotals = { bytes: 0, transferred: 0, created: 0, deleted: 0 };

/**
 * Makes the target equal to the source, and proves it.
 *
 * While containers write to the source, a first pass copies most of it; then they are stopped, a last
 * pass copies the rest, the proof is made, and they are started again, whatever happens. Interrupted at
 * any moment, the source is as it was and the next run finishes. Throws a {@link Failure}.
 */
export async function copyPlace(request: CopyRequest): Promise<CopyResult> {
  const { source, target } = request;
  const stack = target.stack ?? source.stack;
  const container = {
    mounts: [sourceMount(source), targetMount(target)],
    capabilities: WRITING,
  };
  return inContainerOf(request, { stack }, container, async (tools) =>
    (await Copy.open(request, tools)).run(),
  );
}

/** What a copy would do, as far as sizes, times and attributes show it. Throws like {@link copyPlace}. */
export async function planCopy(request: CopyRequest): Promise<CopyPlan> {
  const { source, target } = request;
  const mounts = target.exists ? [{ ...targetMount(target), readOnly: true }] : [];
  const container = { mounts: [sourceMount(source), ...mounts], capabilities: READING };
  return inContainerOf(request, source, container, async (tools) =>
    (await Copy.open(request, tools)).plan(),
  );
}

/** One run of a copy, in its container. */
class Copy {
  private copied = NOTHING;
  constructor(
    private readonly request: CopyRequest,
    private readonly tools: ToolsContainer,
    private readonly record: CopyRecord,
    /** From before the last time that both were read. */
    private stamps: Stamps | undefined,
  ) {}

  static async open(request: CopyRequest, tools: ToolsContainer): Promise<Copy> {
    const { project, source, target } = request;
    const present = target.exists ? [[TARGET, target.key] as const] : [];
    const [[from = "", to = ""], stamps] = await Promise.all([
      identitiesOf(tools, [[SOURCE, source.key], ...present]),
      isRemembered(project, target.key) ? look(tools) : undefined,
    ]);
    return new Copy(request, tools, new CopyRecord(project, target.key, from, to), stamps);
  }

  /** What {@link Copy.run} would do. */
  async plan(): Promise<CopyPlan> {
    const { source, target, docker } = this.request;
    let to = TARGET;
    if (target.exists) {
      await refuseUse(docker, target, this.tools);
      await this.earlierCopy();
    } else {
      to = "/tmp/nothing";
      await this.tools.run(["mkdir", to]);
    }
    const copied = await copyTree(this.tools, { from: SOURCE, to, dryRun: true });
    return { copied, stops: activeWriters(source).map(({ name }) => name) };
  }

  async run(): Promise<CopyResult> {
    const { source, target, project, docker, observer } = this.request;
    observer.enter("looking at source and target");
    await refuseUse(docker, target, this.tools);
    const earlier = await this.earlierCopy();
    this.record.begin();
    const writers = activeWriters(source);
    const done = earlier === "verified" && (await this.finishUnchanged(writers.length > 0));
    if (done) return done;
    const needed = earlier === "none" ? await this.requireRoom() : undefined;
    this.record.copying();
    const names = writers.map(({ name }) => name);
    const live = `copying while ${names.join(", ")} runs`;
    if (needed !== undefined)
      await this.fill(names.length > 0 ? live : "copying everything", needed);
    else if (names.length > 0) await this.pass(live, true);
    let downtime = 0;
    const proof = await whileStopped(project, docker, writers, async () => {
      const stoppedAt = Date.now();
      await this.pass("copying", false);
      const made = await this.prove(this.request.quick && earlier === "verified");
      downtime = (Date.now() - stoppedAt) / 1000;
      return made;
    });
    return this.finish(proof, true, { stopped: names, downtime });
  }

  /** What the target is; throws unless it is empty or a copy of this source. */
  private async earlierCopy(): Promise<CopyState> {
    const { state } = this.record;
    if (state === "verified" || state === "copying") return state;
    if (await isEmpty(this.tools, TARGET)) return "none";
    const other = state === "other" ? ": it is the copy of another source" : "";
    throw new Failure("data", `${this.request.target.title} is not empty${other}.`, {
      fix: "choose an empty target, or empty this one after a look at what it holds",
    });
  }

  /**
   * Makes sure that nobody has worked in the earlier copy, and is done when source and target are equal.
   *
   * Not while others write to the source: then equality now says nothing about a moment later.
   */
  private async finishUnchanged(live: boolean): Promise<CopyResult | undefined> {
    if (live) {
      const { folder, next } = this.record;
      const [file, earlier] = [proofFiles(next).target, proofFiles(folder).target];
      await createManifest(this.tools, { root: TARGET, file, earlier });
      await this.requireUntouched();
      return undefined;
    }
    if (await this.isAsProven()) {
      const { source } = proofFiles(this.record.folder);
      return this.result(await manifestEnd(source), false);
    }
    const proof = await this.compare(this.request.quick ? { earlier: this.record.folder } : {});
    await this.requireUntouched();
    return proof.differing === 0 ? this.finish(proof, false) : undefined;
  }

  /**
   * Whether nothing was touched since the last proof, and unless that is enough, all of both is still the same to read:
   * a disk that forgets touches nothing. A new proof, which takes twice as long, says what differs.
   */
  private async isAsProven(): Promise<boolean> {
    if (!areEqual(this.record.stamps, this.stamps)) return false;
    if (this.request.quick) return true;
    this.request.observer.enter("reading every file of source and target");
    const differing = await copyTree(this.tools, { ...TREES, dryRun: true, contents: true });
    return isDeepStrictEqual(differing, NOTHING);
  }

  private async requireUntouched(): Promise<void> {
    const [before, now] = [
      proofFiles(this.record.folder).target,
      proofFiles(this.record.next).target,
    ];
    if (this.request.overwrite) return;
    const [{ digest }, { digest: digestNow }] = await Promise.all([
      manifestEnd(before),
      manifestEnd(now),
    ]);
    if (digest === digestNow || (await isEmpty(this.tools, TARGET))) return;
    const [then, today] = [manifestEntries(before), manifestEntries(now)];
    const differences: Difference[] = [];
    for await (const one of compareManifests(then, today, VOLATILE_PATHS)) {
      if (differences.push(one) === SHOWN) break;
    }
    throw new Failure("data", `${this.request.target.title} was changed since it was copied:`, {
      problems: differences.map(describeDifference),
      fix: "copy to another target; or, if those changes may be lost, add --overwrite",
    });
  }

  /** Throws unless the target has room for the source; gives about how many bytes will be written. */
  private async requireRoom(): Promise<number> {
    const { bytes, files, apparent } = await needsOf(this.tools, SOURCE);
    await requireRoom(this.tools, TARGET, { bytes, files });
    // Neither holes nor the rests of blocks are.
    return Math.min(bytes, apparent);
  }

  /** Copies most of it into the empty target; a pass has to follow. */
  private async fill(phase: string, needed: number): Promise<void> {
    const began = Date.now();
    let bytes = 0;
    this.request.observer.enter(phase, () =>
      workText({ bytes, fraction: bytes / needed, elapsed: Date.now() - began }),
    );
    this.add(
      await fillTree(this.tools, {
        ...TREES,
        onProgress: (written) => {
          bytes = written;
        },
      }),
    );
    // The disk begins with it now, while there is nothing to write; the proof waits until it is done.
    flushTree(this.tools, TARGET).catch(() => {});
  }

  private async pass(phase: string, live: boolean): Promise<void> {
    this.add(await showCopy(this.tools, this.request.observer, phase, { ...TREES, live }));
  }

  private add(totals: TransferTotals): void {
    this.copied = addTotals(this.copied, totals);
  }

  /** Proves that all has arrived; what only reading shows to differ is copied once more. */
  private async prove(quick: boolean): Promise<Proof> {
    const flushed = flushTree(this.tools, TARGET);
    // Awaited below: until then a failure has to count as handled.
    flushed.catch(() => {});
    this.stamps = await look(this.tools, 0.1);
    let proof = await this.compare(quick ? { earlier: this.record.folder } : {});
    if (proof.contents.length > 0) {
      this.request.observer.enter(`copying ${proof.contents.length} files again`);
      this.add(await copyContents(this.tools, TREES, proof.contents));
      proof = await this.compare({ earlier: this.record.next });
    }
    await flushed;
    if (proof.differing === 0) return proof;
    const { source, target } = this.request;
    throw new Failure("data", `${target.title} is not equal to ${source.title}:`, {
      problems: [
        ...proof.differences.map(describeDifference),
        ...(proof.differing > proof.differences.length ? [`… ${proof.differing} in all`] : []),
      ],
      fix: "see whether something else writes to one of them, and run the same command again",
    });
  }

  private async compare(trusted: { earlier?: string }): Promise<Proof> {
    const began = Date.now();
    let done = { entries: 0, bytes: 0 };
    const phase = "comparing every file of source and target";
    this.request.observer.enter(phase, () =>
      workText({ bytes: done.bytes, files: done.entries, elapsed: Date.now() - began }),
    );
    return proveEqual(this.tools, {
      ...TREES,
      ...trusted,
      folder: this.record.next,
      onProgress: (now) => {
        done = now;
      },
    });
  }

  private finish({ source }: Proof, changed: boolean, stop?: Stop): CopyResult {
    this.record.verified([SOURCE_MANIFEST, TARGET_MANIFEST], this.stamps);
    return this.result(source, changed, stop);
  }

  private result(
    manifest: ManifestEnd,
    changed: boolean,
    { stopped, downtime }: Stop = { stopped: [], downtime: 0 },
  ): CopyResult {
    const manifestFile = proofFiles(this.record.folder).source;
    return { changed, copied: this.copied, manifest, manifestFile, stopped, downtime };
  }
}

/** What both are by their inodes alone. */
async function look(tools: ToolsContainer, wait = 0): Promise<Stamps> {
  const stamps = await stampsOf(tools, [SOURCE, TARGET], wait);
  return [stamps.get(SOURCE), stamps.get(TARGET)];
}

/** Whether nothing was touched; of what was touched just now that cannot be known. */
function areEqual(before: Stamps | undefined, now: Stamps | undefined): boolean {
  if (before === undefined || now === undefined) return false;
  return now.every((stamp, side) => stamp !== undefined && stamp === before[side]);
}

/** How many differences a message shows. */
const SHOWN = 10;

/** `data/a: mode is 0600, not 0644`. */
export function describeDifference({ path, kind, expected, found }: Difference): string {
  switch (kind) {
    case "missing":
      return `${path}: missing, a ${expected}`;
    case "extra":
      return `${path}: not in the first one, a ${found}`;
    default:
      return `${path}: ${kind} is ${found}, not ${expected}`;
  }
}

import { statSync } from "node:fs";
import { resolve } from "node:path";
import { type Archive, isArchived } from "../checks/archive";
import type { ManifestEnd, ManifestEntry } from "../checks/manifest";
import { compareManifests, type Difference } from "../checks/manifestCompare";
import { crossingProblems } from "../checks/migrationRules";
import { archiveFiles, readDescription, requireWhole } from "./archiveFiles";
import { requireSafeData, unpackTree } from "./archiveTar";
import { CopyRecord, TARGET_MANIFEST } from "./copyRecord";
import { Failure } from "./failure";
import { createManifest, manifestEnd, manifestEntries } from "./manifest";
import {
  identityOf,
  inContainerOf,
  type MigrationContext,
  refuseUse,
  TARGET,
  targetMount,
} from "./migrationContainer";
import type { Place } from "./migrationPlaces";
import { type CopyResult, describeDifference, NOTHING } from "./placeCopy";
import { type ToolsContainer, WRITING } from "./toolsContainer";
import { proofFiles } from "./treeProof";
import { emptyTree, isEmpty, requireRoom } from "./treeRoom";

export interface ImportRequest extends MigrationContext {
  /** The folder of the archive on this machine. */
  readonly folder: string;
  /** Exists, and nothing speaks against writing there. */
  readonly target: Place;
  readonly quick: boolean;
  readonly overwrite: boolean;
}

/**
 * The archive in a folder, whose files are all what they should be.
 *
 * Throws a {@link Failure} when it is damaged, of a later version, or may not go to `target`.
 */
export async function openArchive(
  folder: string,
  target: Pick<Place, "title" | "stack">,
  acrossEnvironments: boolean,
): Promise<Archive> {
  const path = resolve(folder);
  const archive = readDescription(path);
  if (archive === undefined) throw new Failure("usage", `There is no archive ${path}.`);
  const origin = { title: `the archive ${path}`, stack: archive.environment };
  const problems = crossingProblems(origin, target, acrossEnvironments);
  if (problems.length > 0) throw new Failure("usage", "This data may not go there:", { problems });
  await requireWhole(path, archive);
  return archive;
}

/**
 * Unpacks an archive into an empty target, or into what it was unpacked into before, and proves it.
 *
 * Every member is looked at before any is written. What fails leaves an empty target. Throws a
 * {@link Failure}.
 */
export async function importArchive(request: ImportRequest, archive: Archive): Promise<CopyResult> {
  const container = { mounts: [targetMount(request.target)], capabilities: WRITING };
  const { project, target } = request;
  const { manifest, data } = archive;
  return inContainerOf(request, target, container, async (tools) => {
    const source = `archive/${manifest.sha256}/${data.sha256}`;
    const identity = await identityOf(tools, TARGET, target);
    const record = new CopyRecord(project, target.key, source, identity);
    return new Import(request, tools, record).run();
  });
}

/** One run of an import, in its container. */
class Import {
  private readonly files: ReturnType<typeof archiveFiles>;
  private readonly made: string;

  constructor(
    private readonly request: ImportRequest,
    private readonly tools: ToolsContainer,
    private readonly record: CopyRecord,
  ) {
    this.files = archiveFiles(resolve(request.folder));
    this.made = proofFiles(record.next).target;
  }

  async run(): Promise<CopyResult> {
    const { docker, target, observer } = this.request;
    observer.enter("looking at archive and target");
    await refuseUse(docker, target, this.tools);
    const { state } = this.record;
    this.record.begin();
    if (state === "verified" && (await this.isUnchanged())) return this.finish(false);
    if (state === "none" || state === "other") await this.requireEmpty();
    await this.requireRoom(await manifestEnd(this.files.manifest));
    observer.enter("looking at every member of the archive");
    await requireSafeData(this.tools, this.files.manifest, this.files.data);
    this.record.copying();
    await emptyTree(this.tools, TARGET);
    await this.unpack();
    return this.finish(true);
  }

  /** Whether the target is what was unpacked there; throws when somebody has worked in it since. */
  private async isUnchanged(): Promise<boolean> {
    const { quick, overwrite, target } = this.request;
    const earlier = quick ? { earlier: proofFiles(this.record.folder).target } : {};
    await createManifest(this.tools, { root: TARGET, file: this.made, ...earlier });
    const differences = await this.differences();
    if (differences.length === 0) return true;
    if (overwrite || (await isEmpty(this.tools, TARGET))) return false;
    throw new Failure("data", `${target.title} was changed since the archive was unpacked:`, {
      problems: differences.map(describeDifference),
      fix: "unpack it elsewhere; or, if those changes may be lost, add --overwrite",
    });
  }

  private async requireEmpty(): Promise<void> {
    if (await isEmpty(this.tools, TARGET)) return;
    throw new Failure("data", `${this.request.target.title} is not empty.`, {
      fix: "choose an empty target, or empty this one after a look at what it holds",
    });
  }

  /** The data itself takes what it has in the archive; its files may have holes. */
  private async requireRoom({ entries, bytes }: ManifestEnd): Promise<void> {
    const { size } = statSync(this.files.data);
    await requireRoom(this.tools, TARGET, { bytes: size, files: entries, contents: bytes });
  }

  private async unpack(): Promise<void> {
    const { observer, signal, target } = this.request;
    try {
      observer.enter("unpacking the archive");
      await unpackTree(this.tools, TARGET, this.files);
      await this.tools.run(["sync", "--file-system", TARGET]);
      observer.enter("comparing every file with the archive's manifest");
      await createManifest(this.tools, { root: TARGET, file: this.made });
      const differences = await this.differences();
      if (differences.length === 0) return;
      throw new Failure("data", `${target.title} is not what the archive's manifest says:`, {
        problems: differences.map(describeDifference),
        fix: "use an archive that doom has made; the target was emptied again",
      });
    } catch (error) {
      // An interrupted run's container is gone; the next run empties the target.
      signal?.throwIfAborted();
      await emptyTree(this.tools, TARGET);
      throw error;
    }
  }

  /** The first differences between the archive's manifest and the one just made. */
  private async differences(): Promise<Difference[]> {
    const found: Difference[] = [];
    for await (const one of compareManifests(
      archivedEntries(this.files.manifest),
      manifestEntries(this.made),
    )) {
      if (found.push(one) === SHOWN) break;
    }
    return found;
  }

  private async finish(changed: boolean): Promise<CopyResult> {
    this.record.verified([TARGET_MANIFEST]);
    const manifestFile = proofFiles(this.record.folder).target;
    const manifest = await manifestEnd(manifestFile);
    const all = { ...NOTHING, bytes: manifest.bytes, transferred: manifest.entries };
    return {
      changed,
      copied: changed ? all : NOTHING,
      manifest,
      manifestFile,
      stopped: [],
      downtime: 0,
    };
  }
}

const SHOWN = 10;

async function* archivedEntries(file: string): AsyncGenerator<string> {
  for await (const line of manifestEntries(file)) {
    if (isArchived(JSON.parse(line) as ManifestEntry)) yield line;
  }
}

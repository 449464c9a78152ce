import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type ManifestEnd, pathBytes } from "../checks/manifest";
import { compareManifests, type Difference } from "../checks/manifestCompare";
import { Failure } from "./failure";
import { createManifest, manifestEntries } from "./manifest";
import type { Observer } from "./migrationContainer";
import { describeDifference } from "./placeCopy";
import { ToolFailed, type ToolsContainer } from "./toolsContainer";
import { copyContents, copyTree, flushTree } from "./treeCopy";
import { proofFiles, proveEqual } from "./treeProof";
import { needsOf, requireRoom } from "./treeRoom";
import type { UpgradeService } from "./upgradeServices";

/** The copies of data that an upgrade works with, each proven by manifests. */

/** Where the volumes appear in the tools container of an upgrade. */
export const LIVE = "/live";
export const COPY = "/copy";
export const CLONE = "/clone";
export const FORMER = "/former";

/** How many differences a message shows. */
const SHOWN = 10;

/** The manifest of the live data in the folder of a journal. */
export function liveManifestOf(folder: string): string {
  return proofFiles(join(folder, "proof")).source;
}

export class UpgradeData {
  /** Of the live data as it was when a way back began, which is what its copy is. */
  readonly keptManifest: string;
  /** Of the live data at the last proof; its stamps are those of the live tree. */
  readonly liveManifest: string;
  private readonly hot: string;
  private readonly proof: string;

  constructor(
    private readonly tools: ToolsContainer,
    folder: string,
    private readonly service: Pick<UpgradeService, "inventory">,
    private readonly observer: Observer,
  ) {
    this.hot = join(folder, "hot");
    this.proof = join(folder, "proof");
    this.liveManifest = liveManifestOf(folder);
    this.keptManifest = join(folder, "kept.jsonl");
    for (const one of [this.hot, this.proof]) mkdirSync(one, { recursive: true, mode: 0o700 });
  }

  /** Throws a {@link Failure} unless `copies` further copies of the live data fit on its disk. */
  async requireRoomFor(copies: number): Promise<{ bytes: number; files: number }> {
    const [data, there] = [await needsOf(this.tools, LIVE), await needsOf(this.tools, COPY)];
    const needed = (of: "bytes" | "files") => Math.max(0, copies * data[of] - there[of]);
    await requireRoom(this.tools, COPY, { bytes: needed("bytes"), files: needed("files") });
    return data;
  }

  /**
   * Copies the live data while others write to it, and makes the manifests of both, so that the last pass has
   * to read only what changes from now on.
   */
  async copyHot(): Promise<void> {
    this.observer.enter("copying the data while the editor runs");
    await this.translating(async () => {
      await copyTree(this.tools, { from: LIVE, to: COPY, live: true });
      await this.flush(COPY);
      const { source, target } = proofFiles(this.hot);
      for (const file of [source, target]) rmSync(file, { force: true });
      await Promise.all([
        createManifest(this.tools, { root: LIVE, file: source, live: true }),
        createManifest(this.tools, { root: COPY, file: target }),
      ]);
    });
  }

  /** The same again for what has changed meanwhile: the last pass gets shorter. */
  async catchUp(): Promise<void> {
    await this.translating(() => copyTree(this.tools, { from: LIVE, to: COPY, live: true }));
  }

  /** Copies the rest from data that nobody writes to any more, and proves that both are equal. */
  async copyRest(): Promise<ManifestEnd> {
    this.observer.enter("copying the last changes");
    return this.translating(async () => {
      await copyTree(this.tools, { from: LIVE, to: COPY });
      const flushed = this.flush(COPY);
      const manifest = await this.prove(LIVE, COPY, this.hot);
      await flushed;
      return manifest;
    });
  }

  /** Keeps the manifest of the live data under another name, before that changes. */
  keepManifest(): void {
    copyFileSync(this.liveManifest, this.keptManifest);
  }

  /** Makes the live data equal to the tree at `from`, which is what `expected`, a manifest, says; and proves it. */
  async restore(from: string, expected: string): Promise<ManifestEnd> {
    this.observer.enter("restoring the data");
    return this.translating(async () => {
      await copyTree(this.tools, { from, to: LIVE });
      const contents = (await this.changesSince(LIVE, expected, [])).filter(
        ({ kind }) => kind === "content",
      );
      // Nothing but reading tells a change that left size and time alone.
      const paths = contents.map(({ path }) => Buffer.from(pathBytes(path), "latin1"));
      if (paths.length > 0) await copyContents(this.tools, { from, to: LIVE }, paths);
      const manifest = await createManifest(this.tools, { root: LIVE, file: this.liveManifest });
      await this.requireEqual(expected, this.liveManifest, "What was restored");
      await this.flush(LIVE);
      return manifest;
    });
  }

  /** Makes another tree equal to the copy. */
  async clone(): Promise<string> {
    this.observer.enter("copying the copy, for a rehearsal on it");
    return this.translating(async () => {
      await copyTree(this.tools, { from: COPY, to: CLONE });
      const file = join(this.hot, "clone.jsonl");
      await createManifest(this.tools, { root: CLONE, file });
      return file;
    });
  }

  /** What differs from a manifest of the tree, except at `volatile` paths; `live` while others write to it. */
  async changesSince(
    root: string,
    expected: string,
    volatile: readonly string[],
    live = false,
  ): Promise<Difference[]> {
    return this.translating(async () => {
      const file = join(this.hot, "now.jsonl");
      await createManifest(this.tools, { root, file, earlier: expected, live });
      return differencesOf(expected, file, volatile);
    });
  }

  /** What a tree holds that an upgrade must not lose; of an editor, its extensions. */
  inventory(root: string): Promise<readonly string[]> {
    return this.service.inventory(root, async (command) => {
      const { stdout } = await this.tools.run(command);
      return stdout;
    });
  }

  /** Throws a {@link Failure} unless the tree is what its manifest, made on any host, says. Reads all of it. */
  async requireUndamaged(root: string, expected: string, what: string): Promise<void> {
    await this.translating(async () => {
      const file = join(this.hot, "now.jsonl");
      await createManifest(this.tools, { root, file });
      await this.requireEqual(expected, file, what);
    });
  }

  private async requireEqual(expected: string, found: string, what: string): Promise<void> {
    const differences = await differencesOf(expected, found, []);
    if (differences.length === 0) return;
    throw new Failure("data", `${what} is not what its manifest says:`, {
      problems: describeDifferences(differences),
      fix: "do not rely on it; see docs/upgrades.md on damaged copies",
    });
  }

  private async prove(from: string, to: string, earlier: string): Promise<ManifestEnd> {
    const trees = { from, to, folder: this.proof };
    let proof = await proveEqual(this.tools, { ...trees, earlier });
    if (proof.contents.length > 0) {
      // Nothing but reading tells a change that left size and time alone.
      await copyContents(this.tools, { from, to }, proof.contents);
      proof = await proveEqual(this.tools, trees);
    }
    if (proof.differing === 0) return proof.source;
    throw new Failure("data", "The copy is not equal to the data:", {
      problems: proof.differences.map(describeDifference),
      fix: "see whether something else writes to the data, and run it again",
    });
  }

  private flush(root: string): Promise<void> {
    const flushed = flushTree(this.tools, root);
    // Whoever asks waits for it later: until then a failure has to count as handled.
    flushed.catch(() => {});
    return flushed;
  }

  private async translating<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ToolFailed)) throw error;
      throw new Failure("data", "The data could not be copied:", {
        problems: error.message.split("\n").slice(-5),
        fix: "put that right and run it again",
      });
    }
  }
}

/** The differences between two manifests, except at `volatile` paths. */
export async function differencesOf(
  expected: string,
  found: string,
  volatile: readonly string[],
): Promise<Difference[]> {
  const differences: Difference[] = [];
  const all = compareManifests(manifestEntries(expected), manifestEntries(found), volatile);
  for await (const one of all) differences.push(one);
  return differences;
}

/** The first of them as lines for people. */
export function describeDifferences(differences: readonly Difference[]): string[] {
  const more = differences.length - SHOWN;
  return [
    ...differences.slice(0, SHOWN).map(describeDifference),
    ...(more > 0 ? [`and ${more} more`] : []),
  ];
}

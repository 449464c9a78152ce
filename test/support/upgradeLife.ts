import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Difference } from "../../checks/manifestCompare";
import { SESSION_PATHS } from "../../checks/volatilePaths";
import { dockerName } from "../../config/names";
import { createManifest } from "../../operations/manifest";
import { describeDifference } from "../../operations/placeCopy";
import { READING, withToolsContainer } from "../../operations/toolsContainer";
import { differencesOf } from "../../operations/upgradeData";
import { engine, isHealthy, runIn, waitForContainer } from "./dockerHost";
import { runDoom } from "./doomProcess";
import type { LiveEnvironment } from "./liveEnvironment";
import type { ProjectCopy } from "./projectCopy";

/** How an editor goes over to another version. */
export type WayOver = () => Promise<void>;

/**
 * The life of one editor through upgrades and ways back, judged apart from what makes them: its image, its stack's
 * file, and its data by manifests of the test's own.
 */
export class UpgradeLife {
  readonly stack: string;
  readonly editor: string;
  readonly data: string;
  private manifests = 0;

  constructor(
    readonly copy: ProjectCopy,
    readonly environment: LiveEnvironment,
  ) {
    this.stack = environment.stack;
    this.editor = dockerName(this.stack, "code-server", 1);
    this.data = dockerName(this.stack, "data", 1);
  }

  /** Runs `doom` and gives what it prints. Throws unless it succeeds. */
  async doom(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await runDoom(this.copy.root, args);
    if (code !== 0) throw new Error(`doom ${args.join(" ")} ended with ${code}:\n${stderr}`);
    return stdout;
  }

  /** The text of the stack's file. */
  get file(): string {
    return readFileSync(path.join(this.copy.root, `Pulumi.${this.stack}.yaml`), "utf8");
  }

  /** The ID of the image that the editor runs. */
  async image(): Promise<string> {
    return (await engine.getContainer(this.editor).inspect()).Image;
  }

  /** Somebody's work: files come, change and go. */
  async work(seed: number): Promise<void> {
    const script = `cd /config/workspace; mkdir -p part-$(($1 % 7)); rm -f part-$(($1 % 5))/*
      for i in $(seq $(($1 % 20 + 1))); do echo "$2 $i" >"part-$(($1 % 7))/$i"; done
      ln -f "part-$(($1 % 7))/1" linked`;
    const word = randomBytes(8).toString("hex");
    await runIn(this.editor, ["bash", "-euc", script, "work", String(seed), word], "1000:1000");
  }

  /** The file with the manifest of a volume: that of the data, unless another one is named. */
  async manifest(volume = this.data): Promise<string> {
    this.manifests += 1;
    const file = path.join(this.copy.root, `manifest-${this.manifests}.jsonl`);
    const mount = { kind: "volume", from: volume, at: "/source", readOnly: true } as const;
    await withToolsContainer({ mounts: [mount], capabilities: READING }, (tools) =>
      createManifest(tools, { root: "/source", file, live: true }),
    );
    return file;
  }

  /** How a volume differs from a manifest in what no start and no window may change. */
  async differences(expected: string, volume = this.data): Promise<Difference[]> {
    return differencesOf(expected, await this.manifest(volume), SESSION_PATHS);
  }

  /** Throws unless the data is what the manifest says. */
  async requireSame(expected: string, what: string): Promise<void> {
    const differences = await this.differences(expected);
    if (differences.length === 0) return;
    const lines = differences.map(describeDifference);
    throw new Error([`${what} changed data:`, ...lines].join("\n  "));
  }

  /**
   * One upgrade and one way back, with work before each; all that the soak asks of them. Gives what `doom rollback`
   * says. Throws when anything is not what it has to be.
   */
  async thereAndBack(seed: number, over: WayOver): Promise<Returned> {
    await this.work(seed);
    const before = await this.state();
    await over();
    await waitForContainer(this.editor, isHealthy);
    if ((await this.image()) === before.image) throw new Error("the image is the old one");
    await this.requireSame(before.manifest, "the upgrade");
    await this.work(seed + 1);
    const later = await this.manifest();
    const returned = JSON.parse(await this.doom("rollback", this.stack, "--json")) as Returned;
    await waitForContainer(this.editor, isHealthy);
    await this.requireAsBefore(before, "the rollback");
    const lost = await this.differences(later, returned.kept["1"]);
    if (lost.length > 0) throw new Error(`later work is not kept: ${lost.map(describeDifference)}`);
    return returned;
  }

  /** Image, file and data as they are now. */
  async state(): Promise<LifeState> {
    return { image: await this.image(), text: this.file, manifest: await this.manifest() };
  }

  /** Throws unless image, file and data are these. */
  async requireAsBefore(before: LifeState, what: string): Promise<void> {
    if ((await this.image()) !== before.image) throw new Error("the image did not come back");
    if (this.file !== before.text) throw new Error("the stack's file did not come back");
    await this.requireSame(before.manifest, what);
  }

  /** Removes the volumes that ways back have kept, and that nothing else ever would. */
  async removeKept(): Promise<void> {
    const filters = { label: [`doom.stack=${this.stack}`, "doom.role=after-upgrade"] };
    const { Volumes } = await engine.listVolumes({ filters });
    for (const { Name } of Volumes) await engine.getVolume(Name).remove();
  }
}

/** What has to be the same again after an upgrade that was taken back. */
export interface LifeState {
  /** The ID of the image. */
  readonly image: string;
  /** Of the stack's file. */
  readonly text: string;
  /** The file with the data's manifest. */
  readonly manifest: string;
}

/** What `doom rollback --json` says. */
export interface Returned {
  readonly record: string;
  readonly claims: readonly { what: string; holds: boolean; found: string }[];
  /** Volumes with what was written after the upgrade, by the number of the editor. */
  readonly kept: Readonly<Record<string, string>>;
}

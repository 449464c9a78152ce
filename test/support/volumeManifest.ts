import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { SESSION_PATHS } from "../../checks/volatilePaths";
import { createManifest } from "../../operations/manifest";
import { READING, withToolsContainer } from "../../operations/toolsContainer";
import { differencesOf } from "../../operations/upgradeData";

/** What volumes hold, by manifests that are made apart from anything that an upgrade does. */
export class VolumeManifests {
  private readonly folder = mkdtempSync(path.join(tmpdir(), "doom-manifests-"));
  private made = 0;

  /** The file with the manifest of a volume as it is now. */
  async of(volume: string): Promise<string> {
    this.made += 1;
    const file = path.join(this.folder, `${this.made}.jsonl`);
    const mount = { kind: "volume", from: volume, at: "/source", readOnly: true } as const;
    await withToolsContainer({ mounts: [mount], capabilities: READING }, (tools) =>
      createManifest(tools, { root: "/source", file, live: true }),
    );
    return file;
  }

  /** How a volume differs from a manifest in what no start and no window may change. */
  async changes(expected: string, volume: string): Promise<string[]> {
    const all = await differencesOf(expected, await this.of(volume), SESSION_PATHS);
    return all.map(({ path: at, kind }) => `${at}: ${kind}`);
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

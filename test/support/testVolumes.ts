import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type Docker from "dockerode";
import { compareManifests, type Difference } from "../../checks/manifestCompare";
import { parseEndpoint } from "../../checks/migrationEndpoint";
import { createManifest, manifestEntries } from "../../operations/manifest";
import type { CopyResult } from "../../operations/placeCopy";
import { READING, WRITING, withToolsContainer } from "../../operations/toolsContainer";
import { ensureToolsImage } from "../../operations/toolsImage";
import { type MigrationRequest, migrateVolume } from "../../operations/volumeMigration";
import { engine } from "./dockerHost";

/** Marks what a test has made with its process: runs beside this one keep theirs. */
const LABEL = "doom.test.process";

/** Where the tests' scripts see the volume that they work on. */
export const AT = "/volume";

/** Volumes with data of a test's own, the containers that write to them, and migrations of them. */
export class TestVolumes {
  /** Of this test's own project state; nothing of the checkout's is read or written. */
  readonly folder = mkdtempSync(path.join(tmpdir(), "doom-volumes-"));
  private readonly names: string[] = [];
  private manifests = 0;

  /** What a `doom` of this test gets as environment. */
  get environment(): Record<string, string> {
    return { PULUMI_BACKEND_URL: `file://${this.folder}` };
  }

  /** A name that no volume has; removed in the end, whoever makes it. */
  name(): string {
    const name = `test-${randomBytes(6).toString("hex")}`;
    this.names.push(name);
    return name;
  }

  /** An empty volume. */
  async create(
    labels: Readonly<Record<string, string>> = {},
    options: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const Name = this.name();
    const Labels = { ...labels, [LABEL]: String(process.pid) };
    await engine.createVolume({ Name, Labels, DriverOpts: { ...options } });
    return Name;
  }

  /** A volume with what a script makes in it. */
  async filled(script: string, labels?: Readonly<Record<string, string>>): Promise<string> {
    const volume = await this.create(labels);
    await this.script(volume, script);
    return volume;
  }

  /** An empty folder of this machine; root's files in it go with the rest. */
  hostFolder(): string {
    return mkdtempSync(path.join(this.folder, "folder-"));
  }

  /** Runs a bash script as root in the volume and gives what it prints. */
  async script(volume: string, script: string): Promise<string> {
    const mount = { kind: "volume", from: volume, at: AT, readOnly: false } as const;
    const { stdout } = await withToolsContainer(
      { mounts: [mount], capabilities: WRITING },
      (tools) => tools.run(["bash", "-euo", "pipefail", "-c", `cd ${AT}\n${script}`]),
    );
    return stdout;
  }

  /** A container that runs a bash script on the volume, as an editor would. */
  async writer(
    volume: string,
    script: string,
    host: Docker.HostConfig = {},
    // A shell without a handler of its own would let Docker wait until it kills.
    StopSignal = "SIGKILL",
  ): Promise<Docker.Container> {
    const container = await engine.createContainer({
      Image: await ensureToolsImage(),
      Entrypoint: ["bash", "-c", `cd ${AT}\n${script}`],
      Cmd: [],
      Labels: { [LABEL]: String(process.pid) },
      StopSignal,
      HostConfig: {
        NetworkMode: "none",
        Mounts: [{ Type: "volume", Source: volume, Target: AT }],
        ...host,
      },
    });
    await container.start();
    return container;
  }

  /** Migrates within this process. `from` and `to` as on the command line. */
  migrate(
    from: string,
    to: string,
    choices: Omit<MigrationRequest, "from" | "to"> = {},
    observe: (phase: string) => void = () => {},
  ): Promise<CopyResult> {
    const request = { from: endpoint(from), to: endpoint(to), ...choices };
    return migrateVolume(request, { enter: observe, line: observe });
  }

  /** The file with the manifest of a volume, made apart from any migration. */
  async manifest(volume: string): Promise<string> {
    this.manifests += 1;
    const file = path.join(this.folder, `manifest-${this.manifests}.jsonl`);
    const mount = { kind: "volume", from: volume, at: AT, readOnly: true } as const;
    await withToolsContainer({ mounts: [mount], capabilities: READING }, (tools) =>
      createManifest(tools, { root: AT, file }),
    );
    return file;
  }

  /** How the trees of two volumes differ, by manifests that are made side by side. */
  async compare(one: string, other: string): Promise<Difference[]> {
    const sides = [one, other].map((from, side) => ({
      mount: { kind: "volume", from, at: `/side${side}`, readOnly: true } as const,
      file: path.join(this.folder, `side-${side}.jsonl`),
    }));
    const mounts = sides.map(({ mount }) => mount);
    await withToolsContainer({ mounts, capabilities: READING }, (tools) =>
      Promise.all(sides.map(({ mount, file }) => createManifest(tools, { root: mount.at, file }))),
    );
    const [left, right] = sides.map(({ file }) => file) as [string, string];
    return this.differences(left, right);
  }

  /** How the trees of two manifests differ. */
  async differences(one: string, other: string): Promise<Difference[]> {
    const all: Difference[] = [];
    const [left, right] = [manifestEntries(one), manifestEntries(other)];
    for await (const difference of compareManifests(left, right)) all.push(difference);
    return all;
  }

  /** Removes all of it, and what killed runs of such tests left. */
  async dispose(): Promise<void> {
    const filters = { label: [LABEL] };
    for (const { Id, Labels } of await engine.listContainers({ all: true, filters }))
      if (isOursOrLeft(Labels)) await engine.getContainer(Id).remove({ force: true, v: true });
    const { Volumes } = await engine.listVolumes({});
    for (const { Name, Labels } of Volumes)
      if (this.names.includes(Name) || (Labels?.[LABEL] && isOursOrLeft(Labels)))
        await engine.getVolume(Name).remove({ force: true });
    await this.emptyFolder();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** What migrations put into host folders belongs to anybody. */
  private async emptyFolder(): Promise<void> {
    const mount = { kind: "directory", from: this.folder, at: AT, readOnly: false } as const;
    await withToolsContainer({ mounts: [mount], capabilities: WRITING }, (tools) =>
      tools.run(["find", AT, "-mindepth", "2", "-delete"]),
    );
  }
}

function endpoint(text: string): MigrationRequest["from"] {
  const parsed = parseEndpoint(text);
  if (typeof parsed === "string") throw new Error(parsed);
  return parsed;
}

function isOursOrLeft(labels: Readonly<Record<string, string>>): boolean {
  const maker = Number(labels[LABEL]);
  return maker === process.pid || !existsSync(`/proc/${maker}`);
}

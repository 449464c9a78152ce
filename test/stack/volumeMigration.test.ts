import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { READING, withToolsContainer } from "../../operations/toolsContainer";
import { stampsOf } from "../../operations/treeStamps";
import { engine } from "../support/dockerHost";
import { hardTreeScript, randomTreeScript } from "../support/hardTree";
import { AT, TestVolumes } from "../support/testVolumes";

/*
 * Data that moves between real volumes. What arrived is judged by manifests that the test makes itself,
 * apart from the migration, and those by changes that have to turn them red.
 */
const volumes = new TestVolumes();
/** The benchmark's tree has 20 000 files and 8 GiB of hole. */
const SIZE = { files: 2000, sparse: "64M" };

beforeAll(() => Object.assign(process.env, volumes.environment));
afterAll(() => volumes.dispose());

describe("a tree with everything that can be lost", () => {
  let source: string;
  let target: string;
  let before: string;
  beforeAll(async () => {
    source = await volumes.filled(hardTreeScript(SIZE));
    target = volumes.name();
    before = await volumes.manifest(source);
  });
  const migrate = (choices = {}) =>
    volumes.migrate(`volume:${source}`, `volume:${target}`, choices);

  it("arrives whole in a new volume, and the source stays as it was", async () => {
    const result = await migrate();
    expect(await volumes.differences(before, await volumes.manifest(target))).toEqual([]);
    expect(await volumes.differences(before, await volumes.manifest(source))).toEqual([]);
    const lines = readFileSync(before, "utf8").trimEnd().split("\n");
    const { entries, bytes, digest } = JSON.parse(lines.at(-1) as string);
    expect(result).toMatchObject({ changed: true, manifest: { entries, bytes, digest } });
    expect(entries).toBeGreaterThan(SIZE.files);
  });

  it("does not move a second time, read again or trusted", async () => {
    const nothing = { bytes: 0, transferred: 0, created: 0, deleted: 0 };
    expect(await migrate()).toMatchObject({ changed: false, copied: nothing });
    expect(await migrate({ quick: true })).toMatchObject({ changed: false, copied: nothing });
  });

  /** Each changes one thing of one path, and leaves its time, its size and its folder's time alone. */
  const CHANGES = `
    keep() {
      local place=$1; shift
      touch --reference="$place" /tmp/time
      "$@"
      touch --reference=/tmp/time "$place"
    }
    keep many/3/100 dd if=/dev/zero of=many/3/100 bs=1 count=1 seek=2 conv=notrunc status=none
    chmod 0755 mode-4755
    setfattr --remove=user.binary attributes
    setfacl --modify user:1234:r-- acl
    keep . bash -c 'cp --preserve=all one copy && mv copy one'
    chown 1:1 owner
    touch --date='2400-01-02 UTC' 'time-2400-01-01 UTC'
    keep . ln --no-dereference --force --symbolic elsewhere loop
    keep . rm socket
    keep . bash -c 'rm character && mknod character c 1 5'
    keep deep/a mkdir deep/a/new
    keep many/5 bash -c 'rm many/5/5 && mkfifo many/5/5'`;

  it("shows every change to the copy, by path and kind, and nothing else", async () => {
    await volumes.script(target, CHANGES);
    const found = await volumes.differences(before, await volumes.manifest(target));
    expect(found.map(({ path, kind }) => `${kind} of ${path}`)).toEqual([
      // Its group's rights became those of the mask.
      "mode of acl",
      "xattr of acl",
      "xattr of attributes",
      "device of character",
      // The root hands its group to what is new in it.
      "owner of character",
      "mtime of character",
      "extra of deep/a/new",
      "target of loop",
      "owner of loop",
      "mtime of loop",
      "content of many/3/100",
      "type of many/5/5",
      "mtime of many/5/5",
      "mode of mode-4755",
      "hardLink of one",
      "owner of owner",
      "missing of socket",
      "mtime of time-2400-01-01 UTC",
    ]);
  });

  it.each([{ quick: true }, {}])("is not overwritten when it was changed: %j", async (choices) => {
    await expect(migrate(choices)).rejects.toMatchObject({
      kind: "data",
      summary: `the volume ${target} was changed since it was copied:`,
      problems: expect.arrayContaining([
        "attributes: xattr is user.binary=none, not user.binary=AP8KPQ==",
        "deep/a/new: not in the first one, a directory",
      ]),
      fix: expect.stringContaining("--overwrite"),
    });
  });

  it("is made equal again when those changes may be lost", async () => {
    expect(await migrate({ overwrite: true })).toMatchObject({ changed: true });
    expect(await volumes.differences(before, await volumes.manifest(target))).toEqual([]);
  });
});

describe("a second run", () => {
  /** 100 files of 1000 bytes, two of them linked, and an empty one for each time. */
  const FILES = `
    for i in $(seq 100); do head -c 1000 /dev/urandom > "file$i"; done
    ln file1 link; mkdir gone0 gone1; touch gone0/file gone1/file`;
  /** One keeps its size, one is only touched, one keeps its size and its time; one is renamed. */
  const edits = (time: number) => `
    head -c 1000 /dev/urandom > file1${time}
    touch file2${time}
    touch --reference=file3${time} /tmp/time
    head -c 1000 /dev/urandom > file3${time}
    touch --reference=/tmp/time file3${time}
    rm -r gone${time}; rm file4${time}; ln file5${time} second-link${time}
    mv file6${time} moved${time}`;

  let source: string;
  let target: string;
  beforeAll(async () => {
    source = await volumes.filled(FILES);
    target = volumes.name();
  });
  const migrate = (choices = {}) =>
    volumes.migrate(`volume:${source}`, `volume:${target}`, choices);

  it("follows a first one, which moves everything", async () => {
    expect((await migrate()).copied).toMatchObject({ bytes: 100_000, transferred: 102 });
  });

  it.each([
    ["by reading everything", 0, {}],
    ["by what sizes and times show", 1, { quick: true }],
  ])("moves what has changed and nothing else: %s", async (_, time, choices) => {
    await volumes.script(source, edits(time));
    const { copied } = await migrate(choices);
    // What was renamed is new for who only sees the result.
    expect(copied).toMatchObject({ bytes: 4000, transferred: 4, deleted: 4 });
    expect(await volumes.compare(source, target)).toEqual([]);
  });

  it("finds by reading what a disk has changed without touching anything", async () => {
    await volumes.script(target, "printf x | dd of=file7 bs=1 seek=500 conv=notrunc status=none");
    await vouchFor(source, target);
    expect(await migrate({ quick: true })).toMatchObject({ changed: false });
    await expect(migrate()).rejects.toMatchObject({
      problems: expect.arrayContaining([expect.stringMatching(/^file7: content is 1000 bytes/)]),
    });
  });

  /** Has the record of the last proof say that the trees were as they are now, as if nothing had been touched. */
  async function vouchFor(...sides: readonly string[]): Promise<void> {
    const mounts = sides.map((from) => ({
      ...({ kind: "volume", readOnly: true } as const),
      ...{ from, at: `/${from}` },
    }));
    const stamps = await withToolsContainer({ mounts, capabilities: READING }, (tools) =>
      stampsOf(
        tools,
        mounts.map(({ at }) => at),
        0.1,
      ),
    );
    const copies = path.join(volumes.folder, "migrations", "copies");
    const records = readdirSync(copies).map((name) => path.join(copies, name, "record.json"));
    const record = records.find((file) => readFileSync(file, "utf8").includes(target)) as string;
    const content = JSON.parse(readFileSync(record, "utf8"));
    expect(content.stamps).toHaveLength(2);
    content.stamps = mounts.map(({ at }) => stamps.get(at));
    writeFileSync(record, JSON.stringify(content));
  }
});

describe("random trees", () => {
  /** Side by side in one volume: they have nothing in common but the way. */
  const trees = (generation: number) =>
    [1, 2, 3]
      .map((seed) => `mkdir -p ${seed}; (cd ${seed}; ${randomTreeScript(seed, generation)}\n)`)
      .join("\n");

  it("arrive whole, and again after random changes", async () => {
    const source = await volumes.filled(trees(0));
    const target = volumes.name();
    for (const generation of [1, 2]) {
      await volumes.migrate(`volume:${source}`, `volume:${target}`);
      expect(await volumes.compare(source, target)).toEqual([]);
      if (generation === 1) await volumes.script(source, trees(generation));
    }
  });
});

describe("while somebody writes", () => {
  const WRITE = "while :; do echo line >> growing; sleep 0.01; done";
  const startOf = async (id: string) => (await engine.getContainer(id).inspect()).State.StartedAt;

  it("stops who writes for the last pass, starts it again, and leaves all others alone", async () => {
    const source = await volumes.filled("head -c 20M /dev/urandom > large; touch growing");
    const writer = await volumes.writer(source, WRITE);
    const reader = await volumes.writer(source, "sleep 600", {
      Mounts: [{ Type: "volume", Source: source, Target: AT, ReadOnly: true }],
    });
    const other = await volumes.writer(await volumes.create(), "sleep 600");
    const untouched = await Promise.all([reader, other].map(({ id }) => startOf(id)));
    const began = await startOf(writer.id);
    const target = volumes.name();
    const phases: string[] = [];
    const result = await volumes.migrate(`volume:${source}`, `volume:${target}`, {}, (phase) =>
      phases.push(phase),
    );

    const { Name, State } = await writer.inspect();
    expect(State.Running).toBe(true);
    expect(State.StartedAt).not.toBe(began);
    expect(await Promise.all([reader, other].map(({ id }) => startOf(id)))).toEqual(untouched);
    expect(result.stopped).toEqual([Name.slice(1)]);
    expect(phases).toContain(`copying while ${Name.slice(1)} runs`);
    // It has written on since; what it had written until it was stopped is all there.
    const lines = async (volume: string) => Number(await volumes.script(volume, "wc -l < growing"));
    const copied = await lines(target);
    expect(copied).toBeGreaterThan(0);
    expect(copied).toBeLessThanOrEqual(await lines(source));
    expect(result.manifest.bytes).toBe(20 * 1024 ** 2 + copied * "line\n".length);
  });
});

describe("folders of the Docker host", () => {
  it("are a target and a source like any", async () => {
    const source = await volumes.filled(hardTreeScript({ files: 10, sparse: "1M" }));
    const [folder, target] = [volumes.hostFolder(), volumes.name()];
    await volumes.migrate(`volume:${source}`, `directory:${folder}`);
    await volumes.migrate(`directory:${folder}`, `volume:${target}`);
    expect(await volumes.compare(source, target)).toEqual([]);
  });
});

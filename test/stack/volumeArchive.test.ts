import { cpSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { engine } from "../support/dockerHost";
import { editManifest, vouch } from "../support/forgedArchive";
import { hardTreeScript } from "../support/hardTree";
import { AT, TestVolumes } from "../support/testVolumes";

/* A volume as an archive on this machine and back, and archives that must not be unpacked. */
const volumes = new TestVolumes();
const place = (name: string) => path.join(volumes.folder, name);

beforeAll(() => Object.assign(process.env, volumes.environment));
afterAll(() => volumes.dispose());

async function isThere(volume: string): Promise<boolean> {
  const { Volumes } = await engine.listVolumes({});
  return Volumes.some(({ Name }) => Name === volume);
}

describe("an archive", () => {
  let source: string;
  let before: string;
  const archive = () => place("archive");
  beforeAll(async () => {
    source = await volumes.filled(hardTreeScript({ files: 300, sparse: "64M" }));
    before = await volumes.manifest(source);
  });

  it("holds everything but sockets, which live with who listens, and is unpacked the same", async () => {
    await volumes.migrate(`volume:${source}`, `archive:${archive()}`);
    expect(readFileSync(path.join(archive(), "data.tar")).length).toBeLessThan(5_000_000);
    const target = volumes.name();
    const unpack = (choices = {}) =>
      volumes.migrate(`archive:${archive()}`, `volume:${target}`, choices);
    expect(await unpack()).toMatchObject({ changed: true });
    const found = await volumes.differences(before, await volumes.manifest(target));
    expect(found).toEqual([{ path: "socket", kind: "missing", expected: "socket" }]);
    expect(await unpack()).toMatchObject({ changed: false, copied: { bytes: 0 } });

    await volumes.script(target, "chmod 0700 many");
    await expect(unpack()).rejects.toMatchObject({
      problems: ["many: mode is 0700, not 0755"],
    });
    await unpack({ overwrite: true });
    expect(await volumes.differences(before, await volumes.manifest(target))).toHaveLength(1);
  });

  it("is replaced by a later one of the same volume, and by no other", async () => {
    await volumes.script(source, "printf new > new");
    await volumes.migrate(`volume:${source}`, `archive:${archive()}`);
    expect(readFileSync(path.join(archive(), "manifest.jsonl"), "utf8")).toContain('"path":"new"');
    const other = await volumes.create();
    await expect(volumes.migrate(`volume:${other}`, `archive:${archive()}`)).rejects.toMatchObject({
      kind: "data",
      fix: "choose another folder",
    });
    expect(existsSync(`${archive()}.partial`)).toBe(false);
  });

  it("is not made in a folder with something else in it", async () => {
    await expect(
      volumes.migrate(`volume:${source}`, `archive:${volumes.hostFolder()}`),
    ).rejects.toMatchObject({ kind: "data", summary: expect.stringContaining("is no archive") });
  });
});

const byPath = (a: Record<string, unknown>, b: Record<string, unknown>) =>
  a.path === "." ? -1 : b.path === "." ? 1 : String(a.path) < String(b.path) ? -1 : 1;

describe("an archive is refused and nothing is written", () => {
  let good: string;
  beforeAll(async () => {
    const source = await volumes.filled("mkdir d; printf abc > d/file; ln -s d link; printf x > z");
    good = place("good");
    await volumes.migrate(`volume:${source}`, `archive:${good}`);
  });

  /** What is said to a damaged copy of the good one. */
  async function refusal(
    name: string,
    damage: (folder: string) => void | Promise<void>,
  ): Promise<string> {
    const folder = place(name);
    cpSync(good, folder, { recursive: true });
    await damage(folder);
    const target = volumes.name();
    const message = await volumes.migrate(`archive:${folder}`, `volume:${target}`).then(
      () => "it was not refused",
      (error: Error) => error.message,
    );
    expect(await isThere(target)).toBe(false);
    return message;
  }

  const edited = (
    edit: (entries: Record<string, unknown>[]) => Record<string, unknown>[],
  ): ((folder: string) => void) => {
    return (folder) => {
      editManifest(folder, edit);
      vouch(folder);
    };
  };
  const withEntry = (entry: string) =>
    edited((entries) => [...entries, { ...entries.at(-1), path: entry }].sort(byPath));
  const replaced = (file: string, from: string, to: string) => (folder: string) => {
    const text = readFileSync(path.join(folder, file), "utf8");
    writeFileSync(path.join(folder, file), text.replace(from, to));
  };

  it.each<[string, (folder: string) => void, string]>([
    ["that is not there", (f) => rmSync(f, { recursive: true }), "There is no archive"],
    ["without its description", (f) => rmSync(`${f}/archive.json`), "is no archive"],
    ["with an empty description", (f) => writeFileSync(`${f}/archive.json`, ""), "cut off or no"],
    ["without its manifest", (f) => rmSync(`${f}/manifest.jsonl`), "manifest.jsonl is missing"],
    ["with no data", (f) => truncateSync(`${f}/data.tar`, 0), "data.tar is cut off: 0 bytes"],
    ["that was cut off", (f) => truncateSync(`${f}/data.tar`, 5000), "data.tar is cut off"],
    [
      "with one flipped byte",
      (f) => {
        const content = readFileSync(`${f}/data.tar`);
        content[2000] = (content[2000] as number) ^ 1;
        writeFileSync(`${f}/data.tar`, content);
      },
      "data.tar was changed: its SHA-256",
    ],
    [
      "with a changed manifest",
      replaced("manifest.jsonl", "0644", "4755"),
      "manifest.jsonl was changed",
    ],
    ["of a later version", (f) => vouch(f, { archive: 2 }), "archive is 2; this doom reads 1"],
    [
      "whose manifest is of a later version",
      (f) => {
        replaced("manifest.jsonl", '"manifest":1', '"manifest":7')(f);
        vouch(f);
      },
      "is of version 7",
    ],
    ["whose manifest leads out of it", withEntry("../evil"), "../evil: leads out of the archive"],
    ["whose manifest goes through a link", withEntry("link/evil"), "link/evil: would be written"],
    [
      "whose manifest has more than the data",
      withEntry("zz"),
      "zz: is in the manifest, but not in",
    ],
    [
      "that would fill any disk",
      edited((entries) => entries.map((e) => (e.size ? { ...e, size: 2 ** 51 } : e))),
      "more than the target's whole disk",
    ],
  ])("%s", async (title, damage, message) => {
    expect(await refusal(title, damage)).toContain(message);
  });

  /** A script changes data.tar in a scratch volume. */
  it.each([
    ["a way out", "tar -P -rf data.tar --transform='s,evil,../../evil,' evil", "leads out of"],
    ["an absolute path", "tar -P -rf data.tar --transform='s,evil,/evil,' evil", "is an absolute"],
    ["an entry twice", "mkdir d; printf bad > d/file; tar -rf data.tar ./d/file", "is there twice"],
    [
      "a file through a link",
      "mkdir link; cp evil link; tar -rf data.tar ./link/evil",
      "link/evil",
    ],
    ["one member more", "tar -rf data.tar ./evil", '"evil": is there twice, out of order or not'],
  ])("whose data has %s", async (title, script, message) => {
    const scratch = await volumes.create();
    const found = await refusal(title, async (folder) => {
      const data = path.join(folder, "data.tar");
      const text = readFileSync(data).toString("base64");
      const output = await volumes.script(
        scratch,
        `base64 -d > data.tar <<< '${text}'; printf x > evil; ${script}; base64 -w0 data.tar`,
      );
      writeFileSync(data, Buffer.from(output, "base64"));
      vouch(folder);
    });
    expect(found).toContain("The archive is not safe to unpack");
    expect(found).toContain(message);
  });

  it("whose content is not its manifest's, and the volume that was there stays empty", async () => {
    const folder = place("other content");
    cpSync(good, folder, { recursive: true });
    edited((entries) =>
      entries.map((entry) => (entry.path === "z" ? { ...entry, hash: "0".repeat(64) } : entry)),
    )(folder);
    const target = await volumes.create();
    await expect(volumes.migrate(`archive:${folder}`, `volume:${target}`)).rejects.toMatchObject({
      problems: [expect.stringContaining("z: content is 1 bytes")],
    });
    expect(await volumes.script(target, `find ${AT} -mindepth 1`)).toBe("");
  });

  it("of another environment, unless that is wanted", async () => {
    const folder = place("of another");
    cpSync(good, folder, { recursive: true });
    vouch(folder, { environment: "other" });
    const target = await volumes.create({ "doom.stack": "mine", "doom.role": "data" });
    const migrate = (choices = {}) =>
      volumes.migrate(`archive:${folder}`, `volume:${target}`, choices);
    await expect(migrate()).rejects.toMatchObject({
      problems: [expect.stringContaining("belongs to other and the volume")],
    });
    expect(await migrate({ acrossEnvironments: true })).toMatchObject({ changed: true });
  });
});

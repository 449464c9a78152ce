import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

/*
 * The decisions of the base image's set-up, over a host whose commands are recorded. That the image
 * really comes out of mmdebstrap, and after a kill too, is what every set-up from nothing shows.
 */
async function load() {
  return import("./baseImage.mjs");
}
let ensureBaseImage: Awaited<ReturnType<typeof load>>["ensureBaseImage"];
let copyHostCertificates: Awaited<ReturnType<typeof load>>["copyHostCertificates"];
let tag: string;
let suite: string;
beforeAll(async () => {
  const loaded = await load();
  ({ ensureBaseImage, copyHostCertificates } = loaded);
  ({ tag, suite } = loaded.baseImageTag());
});
const missing = { code: 1, stdout: "", stderr: "Error: No such image: x" };
const done = { code: 0, stdout: "", stderr: "" };

/** A host that answers by the first rule whose beginning fits the command line. */
function host(rules: Record<string, { code: number; stdout: string; stderr: string }>) {
  const calls: string[] = [];
  const run = async (command: string, args: string[]) => {
    const line = [command, ...args].join(" ");
    calls.push(line);
    const rule = Object.keys(rules).find((beginning) => line.startsWith(beginning));
    return rule === undefined ? done : (rules[rule] ?? done);
  };
  return { run, calls };
}

const inspect = "docker image inspect --format {{.Id}}";

describe("ensureBaseImage", () => {
  const given = process.env.TMPDIR;
  beforeEach(() => {
    // What other runs have left in the real one is not this test's.
    process.env.TMPDIR = mkdtempSync(path.join(tmpdir(), "doom-base-image-test-"));
  });
  afterEach(() => {
    rmSync(tmpdir(), { recursive: true });
    if (given === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = given;
  });

  it("leaves an image that is there alone", async () => {
    const { run, calls } = host({
      [`${inspect} ${tag}-unfinished`]: missing,
      [`${inspect} ${tag}`]: { ...done, stdout: "sha256:1\n" },
    });
    expect(await ensureBaseImage({ run })).toEqual({ source: "present", id: "sha256:1", tag });
    expect(calls).toEqual([`${inspect} ${tag}-unfinished`, `${inspect} ${tag}`]);
  });

  it("takes the registry's, and tags it without changing it", async () => {
    const { run, calls } = host({
      [`${inspect} debian:`]: { ...done, stdout: "sha256:2\n" },
      [inspect]: missing,
    });
    expect(await ensureBaseImage({ run })).toMatchObject({ source: "registry", id: "sha256:2" });
    expect(calls).toContain(`docker pull --quiet debian:${suite}-slim`);
    expect(calls.at(-1)).toBe(`docker tag sha256:2 ${tag}`);
  });

  it("makes one where no registry answers, and tags it last", async () => {
    const { run, calls } = host({
      [inspect]: missing,
      "docker pull": { code: 1, stdout: "", stderr: "dial tcp: no such host" },
      "docker import": { ...done, stdout: "sha256:3\n" },
    });
    const lines: string[] = [];
    const made = await ensureBaseImage({ run, log: (line) => lines.push(line) });
    expect(made).toEqual({ source: "mmdebstrap", id: "sha256:3", tag });
    expect(lines[0]).toBe(`no debian:${suite}-slim from a registry: dial tcp: no such host`);
    const [remove, tagging, untagging] = calls.slice(-3);
    expect(remove).toMatch(/^rm -rf --one-file-system .*doom-coding-base-/);
    expect(tagging).toBe(`docker tag sha256:3 ${tag}`);
    expect(untagging).toBe(`docker rmi ${tag}-unfinished`);
  });

  it("removes the work folder also when the making fails, and says how it failed", async () => {
    const { run, calls } = host({
      [inspect]: missing,
      "docker pull": { code: 1, stdout: "", stderr: "refused" },
      setsid: { code: 25, stdout: "", stderr: "E: apt-get update failed" },
    });
    await expect(ensureBaseImage({ run })).rejects.toThrow("E: apt-get update failed");
    expect(calls.at(-1)).toMatch(/^rm -rf --one-file-system .*doom-coding-base-/);
    expect(calls.filter((line) => line.startsWith("docker tag"))).toEqual([]);
  });

  it("does not take an engine that is down for an image that is missing", async () => {
    const { run } = host({ [inspect]: { code: 1, stdout: "", stderr: "Cannot connect" } });
    await expect(ensureBaseImage({ run })).rejects.toThrow("Cannot connect");
  });

  it("removes what a killed run left, and nothing of a living one", async () => {
    // Linux has no process above 4194304 (PID_MAX_LIMIT).
    const abandoned = mkdtempSync(path.join(tmpdir(), "doom-coding-base-4194305-"));
    const living = mkdtempSync(path.join(tmpdir(), `doom-coding-base-${process.pid}-`));
    const { run, calls } = host({ [inspect]: { ...done, stdout: "sha256:4\n" } });
    await ensureBaseImage({ run });
    expect(calls).toContain(`rm -rf --one-file-system ${abandoned}`);
    expect(calls).not.toContain(`rm -rf --one-file-system ${living}`);
    expect(calls).toContain(`docker rmi ${tag}-unfinished`);
  });
});

describe("copyHostCertificates", () => {
  let folder: string;
  let places: { from: string; to: string };
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "doom-certificates-"));
    places = { from: path.join(folder, "from"), to: path.join(folder, "to") };
    mkdirSync(places.from);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("copies what is new or has changed, and touches nothing else", () => {
    writeFileSync(path.join(places.from, "one.crt"), "1");
    writeFileSync(path.join(places.from, "readme.txt"), "");
    expect(copyHostCertificates(places)).toEqual(["one.crt"]);
    const time = statSync(path.join(places.to, "one.crt")).mtimeMs;
    writeFileSync(path.join(places.to, "own.crt"), "by hand");
    writeFileSync(path.join(places.from, "two.crt"), "2");
    expect(copyHostCertificates(places)).toEqual(["two.crt"]);
    expect(statSync(path.join(places.to, "one.crt")).mtimeMs).toBe(time);
    writeFileSync(path.join(places.from, "one.crt"), "changed");
    expect(copyHostCertificates(places)).toEqual(["one.crt"]);
    expect(readdirSync(places.to).sort()).toEqual(["one.crt", "own.crt", "two.crt"]);
  });

  it("has nothing to do on a host without such certificates", () => {
    rmSync(places.from, { recursive: true });
    expect(copyHostCertificates(places)).toEqual([]);
  });
});

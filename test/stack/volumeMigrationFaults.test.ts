import { randomInt } from "node:crypto";
import { existsSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { engine } from "../support/dockerHost";
import { DockerProxy } from "../support/dockerProxy";
import { DoomProcess } from "../support/doomProcess";
import { TestVolumes } from "../support/testVolumes";

/*
 * Migrations that are killed or run out of room, and requests that are refused. The source is as it was,
 * its writer runs, the next run finishes, and no copy is called one that is not.
 */
const volumes = new TestVolumes();
const CHECKOUT = path.resolve(__dirname, "..", "..");

beforeAll(() => Object.assign(process.env, volumes.environment));
afterAll(() => volumes.dispose());

describe("a run that is ended", () => {
  const WRITE = "trap exit TERM; while :; do date >> log; sleep 0.05; done";
  let source: string;
  let target: string;
  let run: DoomProcess;
  let writer: Awaited<ReturnType<TestVolumes["writer"]>>;
  /** The manifest of the source before any run. */
  let before: string;
  beforeAll(async () => {
    source = await volumes.filled(`
      for i in $(seq 2000); do printf "file $i" > "$i"; done
      head -c 100M /dev/urandom > large`);
    before = await volumes.manifest(source);
    writer = await volumes.writer(source, WRITE, {}, "SIGTERM");
  });
  afterEach(() => run.signal("SIGKILL"));

  const start = (variables: Readonly<Record<string, string>> = {}) => {
    const command = ["migrate", "volume", `volume:${source}`, `volume:${target}`];
    return new DoomProcess(CHECKOUT, command, { ...volumes.environment, ...variables });
  };
  const isWriting = async () => (await writer.inspect()).State.Running;
  const phase = (words: string) => () => (run.stderr.includes(words) ? true : undefined);

  /** Waits until nothing is left of what a run worked in. */
  async function containersAreGone(pid: number): Promise<void> {
    for (let tries = 0; tries < 100; tries += 1) {
      const filters = { label: ["doom.role=tools"] };
      const all = await engine.listContainers({ all: true, filters });
      if (!all.some(({ Labels }) => Labels["doom.owner"]?.includes(`"pid":${pid},`))) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error("the killed run's container is still there");
  }

  /** What the project's records call the target. */
  function recorded(): string[] {
    const folder = path.join(volumes.folder, "migrations", "copies");
    const records = existsSync(folder) ? readdirSync(folder) : [];
    return records
      .map((name) => path.join(folder, name, "record.json"))
      .filter((file) => existsSync(file))
      .map((file) => JSON.parse(readFileSync(file, "utf8")))
      .filter((record) => record.target.includes(`/volume/${target}/`))
      .map(({ status }) => status);
  }

  /** Nothing that the run printed or kept speaks of a success. */
  function claimsNothing(): void {
    expect(run.stdout).toBe("");
    expect(recorded()).not.toContain("verified");
  }

  /** The writer goes on; everything else has to be equal. */
  const withoutLog = (differences: readonly { path: string }[]) =>
    differences
      .map((difference) => difference.path)
      .filter((name) => name !== "log" && name !== ".");

  async function finishes(): Promise<void> {
    run = start();
    const { code, stderr } = await run.result();
    expect(code, stderr).toBe(0);
    expect(await isWriting()).toBe(true);
    expect(withoutLog(await volumes.compare(target, source))).toEqual([]);
    expect(recorded()).toEqual(["verified"]);
    expect(readdirSync(path.join(volumes.folder, "migrations", "stopped"))).toEqual([]);
    await engine.getVolume(target).remove();
  }

  it.each([
    ["when it looks at both", "looking at source and target"],
    ["while the writer runs", "copying while"],
    ["during the last pass", "\ncopying ..."],
    ["during the proof", "\ncomparing every file"],
  ])("by SIGKILL %s: nothing of it is left, and the next one finishes", async (_, words) => {
    target = volumes.name();
    run = start();
    await run.until(phase(words));
    run.signal("SIGKILL");
    await run.result();
    await containersAreGone(run.pid);
    claimsNothing();
    await finishes();
  });

  const MOMENTS = Array.from({ length: 5 }, () => randomInt(150, 2500));

  it(`by SIGKILL again and again, after ${MOMENTS.join(", ")} ms: the next one finishes`, async () => {
    target = volumes.name();
    for (const moment of MOMENTS) {
      run = start();
      await new Promise((resolve) => setTimeout(resolve, moment));
      run.signal("SIGKILL");
      const { code } = await run.result();
      // One that was done before its moment may say so.
      if (code === 0) continue;
      await containersAreGone(run.pid);
      expect(run.stdout).toBe("");
    }
    await finishes();
  });

  it("by Ctrl-C during the last pass: the writer runs before it ends", async () => {
    target = volumes.name();
    run = start();
    await run.until(phase("\ncopying ..."));
    run.signal("SIGINT");
    const { code, stderr } = await run.result();
    expect(code, stderr).toBe(130);
    claimsNothing();
    expect(await isWriting()).toBe(true);
    await finishes();
  });

  it.each([
    ["while the writer runs", "copying while"],
    ["while it is stopped", "\ncomparing every file"],
  ])("by the loss of Docker %s: it says so, and the next one finishes", async (_, words) => {
    target = volumes.name();
    const proxy = new DockerProxy(path.join(volumes.folder, "docker.sock"));
    await proxy.open();
    run = start({ DOCKER_HOST: proxy.address });
    await run.until(phase(words));
    await proxy.cut();
    const { code, stderr } = await run.result();
    // The one when a new request is made, the other when one is under way.
    expect(stderr).toMatch(/Docker is not running: nothing answers on|s, or broke off\./);
    expect(stderr).toContain(proxy.address);
    // Who was stopped cannot be started without Docker; that is said, and the next run does it.
    const { Name, State } = await writer.inspect();
    if (words !== "copying while") expect(State.Running).toBe(false);
    expect(code).toBe(State.Running ? 6 : 8);
    if (!State.Running) expect(stderr).toContain(`${Name.slice(1)}: Docker is not running`);
    claimsNothing();
    await containersAreGone(run.pid);
    await finishes();
  });

  it("was never noticed by the source", async () => {
    expect(withoutLog(await volumes.differences(before, await volumes.manifest(source)))).toEqual(
      [],
    );
  });
});

describe("a target without room", () => {
  const small = (size: string) =>
    volumes.create({}, { type: "tmpfs", device: "tmpfs", o: `size=${size}` });

  it("is refused before anything is written", async () => {
    const source = await volumes.filled("head -c 10M /dev/urandom > large");
    await expect(
      volumes.migrate(`volume:${source}`, `volume:${await small("5m")}`),
    ).rejects.toMatchObject({
      kind: "preflight",
      summary: expect.stringContaining("does not fit"),
    });
  });

  it("that fills up in between ends the run; the writer runs, and a larger one takes all", async () => {
    const source = await volumes.filled("head -c 5M /dev/urandom > large");
    // More than fits, in the moment when it is told to stop.
    const script = "trap 'head -c 10M /dev/urandom > late; exit' TERM; while :; do sleep 0.1; done";
    const writer = await volumes.writer(source, script, {}, "SIGTERM");
    await expect(
      volumes.migrate(`volume:${source}`, `volume:${await small("10m")}`),
    ).rejects.toMatchObject({
      kind: "data",
      problems: expect.arrayContaining([expect.stringContaining("No space left on device")]),
    });
    expect((await writer.inspect()).State.Running).toBe(true);
    const result = await volumes.migrate(`volume:${source}`, `volume:${await small("40m")}`);
    expect(result.manifest.bytes).toBe(15 * 1024 ** 2);
  });
});

describe("a request is refused and changes nothing", () => {
  let source: string;
  let full: string;
  beforeAll(async () => {
    source = await volumes.filled("printf x > file", { "doom.stack": "one", "doom.role": "data" });
    full = await volumes.filled("printf y > other");
  });

  const refusal = (from: string, to: string) =>
    volumes.migrate(from, to).then(
      () => "it was not refused",
      (error: Error) => error.message,
    );

  it("to a volume that holds something else", async () => {
    expect(await refusal(`volume:${source}`, `volume:${full}`)).toContain("is not empty");
    expect(await volumes.script(full, "ls -A")).toBe("other\n");
  });

  it("to the copy of another source, or to a volume that took a copy's name", async () => {
    const target = volumes.name();
    await volumes.migrate(`volume:${source}`, `volume:${target}`);
    expect(await refusal(`volume:${full}`, `volume:${target}`)).toContain("of another source");
    await engine.getVolume(target).remove();
    await engine.createVolume({ Name: target });
    await volumes.script(target, "printf mine > file");
    expect(await refusal(`volume:${source}`, `volume:${target}`)).toContain("is not empty");
  });

  it("to a volume that somebody uses", async () => {
    const used = await volumes.create();
    await volumes.writer(used, "sleep 600");
    expect(await refusal(`volume:${source}`, `volume:${used}`)).toContain("is in use by");
  });

  it("from a volume whose writer Docker would remove", async () => {
    const used = await volumes.create();
    const writer = await volumes.writer(used, "sleep 600", {
      AutoRemove: true,
      Mounts: [{ Type: "volume", Source: used, Target: "/volume" }],
    });
    expect(await refusal(`volume:${used}`, `volume:${volumes.name()}`)).toContain("(--rm)");
    expect((await writer.inspect()).State.Running).toBe(true);
  });

  it.each<[string, () => Promise<string>, string]>([
    ["the same volume", async () => source, "source and target are the same"],
    [
      "another environment",
      () => volumes.create({ "doom.stack": "two", "doom.role": "data" }),
      "belongs to one and",
    ],
    [
      "a volume of keys",
      () => volumes.create({ "doom.stack": "one", "doom.role": "tailscale" }),
      "belongs to the role tailscale",
    ],
    [
      "a folder in a volume's disguise",
      () => volumes.create({}, { type: "none", o: "bind", device: "/etc" }),
      "is the folder /etc of the host",
    ],
  ])("to %s", async (_, target, message) => {
    expect(await refusal(`volume:${source}`, `volume:${await target()}`)).toContain(message);
  });

  it("from or to what is not there, or is the system's", async () => {
    const folder = volumes.hostFolder();
    symlinkSync("/var/run/docker.sock", path.join(folder, "socket"));
    symlinkSync("/etc", path.join(folder, "etc"));
    const to = `volume:${volumes.name()}`;
    expect(await refusal("volume:no-such-volume", to)).toContain("There is no volume");
    expect(await refusal(`directory:${folder}/none`, to)).toContain("cannot be used (ENOENT)");
    expect(await refusal(`directory:${folder}/etc`, to)).toContain("lies in /etc");
    expect(await refusal(`directory:${folder}/socket`, to)).toContain("is not a folder");
    expect(await refusal("no-such-stack:1", to)).toContain("There is no stack no-such-stack");
    const { Volumes } = await engine.listVolumes({});
    expect(Volumes.map(({ Name }) => `volume:${Name}`)).not.toContain(to);
  });
});

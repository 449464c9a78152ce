import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SecretSearch } from "../../checks/secretSearch";
import { dockerLabels, dockerName } from "../../config/names";
import { createSnapshot } from "../../operations/snapshotCreate";
import { chooseSnapshot, listSnapshots, pruneSnapshots } from "../../operations/snapshotLibrary";
import { describeTree } from "../../operations/snapshotManifest";
import { dataMount, repositoryMount } from "../../operations/snapshotPlaces";
import { DATA, REPOSITORY, SnapshotRepository } from "../../operations/snapshotRepository";
import { restoreSnapshot } from "../../operations/snapshotRestore";
import { runAlone, type SnapshotRun, type SnapshotTask } from "../../operations/snapshotRun";
import { verifySnapshots } from "../../operations/snapshotVerify";
import {
  type ToolsContainer,
  type ToolsMount,
  WRITING,
  withToolsContainer,
} from "../../operations/toolsContainer";
import { ensureToolsImage } from "../../operations/toolsImage";
import { engine, isHealthy, runIn, volumesOf, waitForContainer } from "../support/dockerHost";
import { DoomProcess, runDoom } from "../support/doomProcess";
import { createProjectCopy, type ProjectCopy } from "../support/projectCopy";

/** Something that others on the host could see, and what it is called. */
interface Sighting {
  readonly name: string;
  readonly content: string | Uint8Array;
}

/*
 * First one environment through `doom`, whose tests follow one life; then the operations on volumes
 * without an environment around them, which is all that they know of one.
 */
let copy: ProjectCopy;

beforeAll(() => {
  copy = createProjectCopy();
});
afterAll(() => copy?.dispose());

/** Every hard case that an image's own file system takes. */
const HARD_TREE = `
  cd "$1"; mkdir -p empty 'a b/c'; printf one > 'a b/c/file'; ln 'a b/c/file' second
  ln -s nowhere broken; ln -s /etc/passwd absolute; mkfifo fifo; truncate -s 8M sparse
  printf two > "$(printf 'b\\377\\nx')"; printf three > ./-leading
  setfattr -n user.note -v kept second; setfacl -m u:7:r ./-leading; chmod 4711 second
  chown 12345:54321 empty; chmod 2750 empty
  touch -d '1950-01-01 00:00:00.123456789' empty; touch -d '2400-01-01' sparse`;

/** Runs a shell script in a tools container over one mount, which it gets as its first argument. */
function inTools(mount: ToolsMount, script: string): Promise<string> {
  return withToolsContainer({ mounts: [mount], capabilities: WRITING }, async (tools) => {
    const { stdout } = await tools.run(["bash", "-euc", script, "script", mount.at]);
    return stdout;
  });
}

const writable = (volume: string, at = DATA): ToolsMount => ({
  kind: "volume",
  from: volume,
  at,
  readOnly: false,
});

async function restoreVolumes(stack: string): Promise<string[]> {
  return (await volumesOf(stack))
    .filter(({ Labels }) => Labels["doom.role"] === "restore")
    .map(({ Name }) => Name);
}

describe("doom snapshot", () => {
  let stack: string;
  let password: string;
  const editor = () => dockerName(stack, "code-server", 1);
  const data = () => dockerName(stack, "data", 1);
  const doom = (...args: string[]) => runDoom(copy.root, ["snapshot", ...args]);

  async function json(...args: string[]) {
    const { code, stdout, stderr } = await doom(...args, "--json");
    expect(code, stderr).toBe(0);
    return JSON.parse(stdout);
  }
  async function listed(): Promise<{ id: string; replaced: boolean }[]> {
    return (await json("list", stack)).snapshots;
  }

  beforeAll(async () => {
    const environment = await copy.addStack();
    stack = environment.stack;
    for (const command of ["init", "up"]) await environment.doom(command, stack);
    password = (await environment.outputs()).snapshotPassword;
    await inTools(writable(data()), `${HARD_TREE.replace("$1", "$1/workspace")}`);
  });

  it("makes nothing by looking", async () => {
    expect(await listed()).toEqual([]);
    expect((await volumesOf(stack)).map(({ Name }) => Name)).toEqual([data()]);
  });

  it("makes one of a running editor, and shows its key nowhere", async () => {
    const events = await engine.getEvents({ filters: { label: [`doom.stack=${stack}`] } });
    const seen: Sighting[] = [];
    events.on("data", (chunk: Buffer) => seen.push({ name: "events", content: chunk }));
    const run = new DoomProcess(copy.root, ["snapshot", "create", stack, "--json"]);
    while (run.isRunning) seen.push(...(await lookAround(stack)));
    const { code, stdout, stderr } = await run.result();
    (events as unknown as { destroy(): void }).destroy();
    expect(code, stderr).toBe(0);
    const { snapshot } = JSON.parse(stdout);
    expect(snapshot).toMatchObject({ stack, instance: 1, replaced: false });
    expect(snapshot.image).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(snapshot.configuration).toMatch(/^[0-9a-f]{64}$/);
    seen.push({ name: "output", content: stdout + stderr });
    const search = new SecretSearch([{ name: "key", value: password }]);
    expect(seen.filter(({ content }) => search.findIn(content).length > 0)).toEqual([]);
    // It was looked for where it would have been: restic and its arguments were seen.
    const whole = Buffer.concat(seen.map(({ content }) => Buffer.from(content))).toString("latin1");
    for (const place of ["exec_create", "HostConfig", "--password-file"]) {
      expect(whole).toContain(place);
    }
  });

  it("restores it in a drill, and keeps the evidence and nothing else", async () => {
    const { evidence, drill, checked } = await json("verify", stack, "--drill");
    expect(checked).toEqual([drill.snapshot.id]);
    expect(JSON.parse(readFileSync(evidence, "utf8"))).toEqual(drill);
    expect(drill.result).toBe("restored and equal");
    expect(drill.manifest.entries).toBeGreaterThan(10);
    expect(await restoreVolumes(stack)).toEqual([]);
  });

  it("finishes after a kill while the editor was stopped", async () => {
    const before = await listed();
    const run = new DoomProcess(copy.root, ["snapshot", "create", stack, "--stop"]);
    await run.until(async () => {
      const { State } = await engine.getContainer(editor()).inspect();
      return State.Running ? undefined : true;
    });
    run.signal("SIGKILL");
    await run.result();
    expect(await listed()).toEqual(before);
    const { snapshot } = await json("create", stack);
    expect((await listed()).map(({ id }) => id)).toEqual([snapshot.id, before[0]?.id]);
    expect(await waitForContainer(editor(), isHealthy)).toBeTruthy();
    expect(readdirSync(path.join(copy.root, ".state", "snapshots", stack))).toEqual(["drills"]);
  });

  it("restores into a fresh volume, and leaves the editor's data alone", async () => {
    await runIn(editor(), ["sh", "-c", "rm -rf /config/workspace/* && echo new > /config/new"]);
    const { volume, switched } = await json("restore", stack);
    expect([switched, await restoreVolumes(stack)]).toEqual([false, [volume]]);
    expect(await runIn(editor(), ["cat", "/config/new"])).toContain("new");
    await engine.getVolume(volume).remove();
  });

  it("switches to it, with what was there kept as a snapshot that can be taken back", async () => {
    const { snapshot, replaced } = await json("restore", stack, "--switch");
    expect(await waitForContainer(editor(), isHealthy)).toBeTruthy();
    expect(await runIn(editor(), ["cat", "/config/workspace/a b/c/file"])).toContain("one");
    await expect(runIn(editor(), ["cat", "/config/new"])).rejects.toThrow("No such file");
    expect(await restoreVolumes(stack)).toEqual([]);
    expect((await listed())[0]).toEqual(replaced);
    expect(replaced.replaced).toBe(true);
    expect(replaced.id).not.toBe(snapshot.id);
    await json("restore", stack, replaced.id.slice(0, 8), "--switch");
    expect(await runIn(editor(), ["cat", "/config/new"])).toContain("new");
  });

  it.each([
    [["create", "STACK", "--instance", "2"], 2, 'has no editor "2".\nFix: its editors are 1 to 1'],
    [["restore", "STACK", "../../x"], 2, 'No snapshot of STACK is called "../../x"'],
    [["list", "none-such"], 2, "There is no stack none-such"],
  ])("refuses %j", async (args, expected, message) => {
    const { code, stderr } = await doom(...args.map((arg) => arg.replace("STACK", stack)));
    expect(code).toBe(expected);
    expect(stderr).toContain(message.replace("STACK", stack));
  });
});

/** Everything about the tools of a stack that others on the host can see at this moment. */
async function lookAround(stack: string): Promise<Sighting[]> {
  const filters = { label: [`doom.stack=${stack}`, "doom.role=tools"] };
  const found: Sighting[] = [];
  for (const { Id } of await engine.listContainers({ filters })) {
    try {
      found.push({
        name: "inspect",
        content: JSON.stringify(await engine.getContainer(Id).inspect()),
      });
    } catch (error) {
      if ((error as { statusCode?: number }).statusCode !== 404) throw error;
    }
  }
  for (const id of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    for (const of of ["cmdline", "environ"]) {
      try {
        const content = readFileSync(`/proc/${id}/${of}`);
        if (content.length > 0) found.push({ name: `${of} of ${id}`, content });
      } catch {
        // It has ended, or belongs to somebody else.
      }
    }
  }
  return found;
}

describe("on volumes", () => {
  const observer = { enter: () => {}, line: () => {} };
  const origin = { instance: 1, image: "none", configuration: "none", replaced: false };
  const plain = { ...origin, stop: false, confirmShrunken: false };

  /** An environment that is nothing but a volume with the hard tree. */
  async function volumeOnly(): Promise<SnapshotTask> {
    const { stack } = await copy.addStack();
    const task = {
      project: copy.project,
      stack,
      password: randomBytes(16).toString("hex"),
      observer,
    };
    await engine.createVolume({
      Name: dockerName(stack, "data", 1),
      Labels: dockerLabels(stack, "data", 1),
    });
    await change(task, HARD_TREE);
    return task;
  }
  const change = ({ stack }: SnapshotTask, script: string) =>
    inTools(writable(dockerName(stack, "data", 1)), script);
  const inRepository = ({ stack }: SnapshotTask, script: string) =>
    inTools(writable(dockerName(stack, "snapshots"), REPOSITORY), script);
  const create = (task: SnapshotTask, changes: Partial<typeof plain> = {}) =>
    runAlone(task, (run) => createSnapshot(run, { ...plain, ...changes }));

  /** Works in the repository itself, as no command of ours does. */
  const tamper = (
    task: SnapshotTask,
    work: (
      repository: SnapshotRepository,
      tools: ToolsContainer,
      run: SnapshotRun,
    ) => Promise<void>,
  ) =>
    runAlone(task, async (run) => {
      const mounts = [
        await repositoryMount(run.docker, task.stack),
        await dataMount(run.docker, task.stack, 1, { readOnly: false }),
      ];
      await withToolsContainer(
        { mounts, capabilities: WRITING, stack: task.stack },
        async (tools) => work(await SnapshotRepository.open(tools, task), tools, run),
      );
    });

  let one: SnapshotTask;
  let other: SnapshotTask;

  beforeAll(async () => {
    [one, other] = [await volumeOnly(), await volumeOnly()];
    await create(one);
    await create(other);
  });

  it("one environment's key and pruning do not reach another's snapshots", async () => {
    const contents = "cd $1 && find . -type f | sort | xargs sha256sum";
    const before = await inRepository(other, contents);
    await create(one);
    const { removed, kept } = await runAlone(one, pruneSnapshots);
    // Of one day only the last is kept: there was something to remove.
    expect([removed.length, kept.length]).toEqual([1, 1]);
    expect(await inRepository(other, contents)).toBe(before);
    await expect(listSnapshots({ ...other, password: one.password })).rejects.toThrow(
      `The snapshots of ${other.stack} do not open with its password.`,
    );
    expect(await listSnapshots(other)).toHaveLength(1);
  });

  it("a loss does not become the latest snapshot by itself", async () => {
    const [latest] = await listSnapshots(other);
    await change(other, 'cd "$1" && rm -rf ./sparse');
    await expect(create(other)).rejects.toThrow(/it has \d+ bytes, and the snapshot/);
    expect(await listSnapshots(other)).toEqual([latest]);
    const confirmed = await create(other, { confirmShrunken: true });
    expect((await listSnapshots(other))[0]).toEqual(confirmed);
    await change(other, 'find "$1" -mindepth 1 -delete');
    await expect(create(other)).rejects.toThrow("it is empty");
  });

  it("a snapshot that is not what its manifest says is not restored", async () => {
    await tamper(other, async (repository, tools, run) => {
      const file = path.join(run.folder, "wrong.jsonl");
      await tools.run(["sh", "-c", `echo one > ${DATA}/changed`]);
      const { digest, entries, bytes } = await describeTree(run, tools, "", { file });
      await tools.run(["sh", "-c", `echo two > ${DATA}/changed`]);
      const facts = { ...origin, stack: other.stack, manifest: digest, entries, bytes };
      const { id } = await repository.backUp(facts, file, () => {});
      await repository.confirm(id, (await repository.list()).complete);
    });
    const wrong = chooseSnapshot(other.stack, await listSnapshots(other), "latest", 1);
    await expect(runAlone(other, (run) => restoreSnapshot(run, wrong))).rejects.toThrow(
      /did not come back as it was:\n {2}- changed: content is 4 bytes/,
    );
    expect(await restoreVolumes(other.stack)).toEqual([]);
  });

  it("data that keeps changing is copied only while its writer is stopped", async () => {
    const writer = await engine.createContainer({
      Image: await ensureToolsImage(),
      Entrypoint: ["sh", "-c", "while :; do date +%N >> /data/log; done"],
      Labels: { "doom.stack": one.stack },
      HostConfig: {
        NetworkMode: "none",
        Mounts: [{ Type: "volume", Source: dockerName(one.stack, "data", 1), Target: "/data" }],
      },
    });
    await writer.start();
    const before = await listSnapshots(one);
    await expect(create(one)).rejects.toThrow(/kept changing.*\n {2}- log: content/);
    expect(await listSnapshots(one)).toEqual(before);
    const first = (await writer.inspect()).State.StartedAt;
    await create(one, { stop: true });
    const { State } = await writer.inspect();
    expect([State.Running, State.StartedAt === first]).toEqual([true, false]);
    await writer.remove({ force: true });
  });

  it("the lock of a run that died does not block the next one", async () => {
    const died = new Error("died");
    const end = tamper(one, async (_repository, tools) => {
      const endless = (async function* () {
        for (;;) {
          yield "x";
          await new Promise((resolve) => setTimeout(resolve, 50).unref());
        }
      })();
      const restic = ["restic", "-r", REPOSITORY, "-p", "/dev/shm/password", "--no-cache"];
      const running = tools.run([...restic, "backup", "--stdin"], { input: endless });
      running.catch(() => {});
      const isLocked = ["sh", "-c", `until [ -n "$(ls ${REPOSITORY}/locks)" ]; do sleep 0.1; done`];
      await tools.run(isLocked);
      throw died;
    });
    await expect(end).rejects.toBe(died);
    expect(await inRepository(one, 'ls "$1/locks"')).toMatch(/^[0-9a-f]{64}\n$/);
    await create(one);
    expect(await inRepository(one, 'ls "$1/locks"')).toBe("");
  });

  it("damage is found, and nothing that is damaged is restored", async () => {
    const [latest] = await runAlone(one, verifySnapshots);
    await inRepository(
      one,
      `pack=$(find "$1/data" -type f -printf '%s %p\\n' | sort -n | tail -1 | cut -d ' ' -f 2)
       chmod u+w "$pack"; byte=$(head -c 101 "$pack" | tail -c 1 | od -An -tu1)
       printf "\\\\x$(printf %x $((byte ^ 1)))" | dd of="$pack" bs=1 seek=100 conv=notrunc status=none`,
    );
    await expect(runAlone(one, verifySnapshots)).rejects.toThrow(
      `The snapshots of ${one.stack} are damaged:`,
    );
    await expect(
      runAlone(one, (run) => restoreSnapshot(run, latest as NonNullable<typeof latest>)),
    ).rejects.toThrow();
    expect(await restoreVolumes(one.stack)).toEqual([]);
    expect(existsSync(path.join(copy.root, ".state", "snapshots", one.stack, "work"))).toBe(false);
  });
});

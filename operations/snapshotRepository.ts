import { createReadStream, createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { isDeadLock, type ResticLock } from "../checks/snapshotLocks";
import {
  COMPLETE,
  RETENTION,
  type ResticSnapshot,
  readSnapshots,
  type Snapshot,
  type SnapshotFacts,
  seriesOf,
  shortId,
  tagsOf,
} from "../checks/snapshots";
import { connectDocker } from "./dockerHost";
import { Failure } from "./failure";
import { ToolFailed, type ToolsContainer } from "./toolsContainer";

/** restic's repository of one environment, in a tools container. */

/** Where the container has the repository, and the data of a snapshot both when made and when restored. */
export const REPOSITORY = "/repository";
export const DATA = "/snapshot/data";
/** The manifest lies in the snapshot beside the data, so that neither is ever without the other. */
const MANIFEST = "/snapshot/manifest.jsonl";
/** In the container's own memory (tmpfs): no command line, environment or disk ever holds it. */
const PASSWORD = "/dev/shm/password";

const RESTIC = ["restic", "--repo", REPOSITORY, "--password-file", PASSWORD, "--no-cache"];
/** restic's code for a snapshot in which something that could not be read is missing. */
const INCOMPLETE = 3;

export class SnapshotRepository {
  private constructor(
    private readonly tools: ToolsContainer,
    private readonly stack: string,
  ) {}

  /**
   * Opens the repository, makes it when there is none, and clears locks of runs that are dead.
   *
   * Throws a {@link Failure}: damaged, locked, or made with another password.
   */
  static async open(
    tools: ToolsContainer,
    { stack, password }: { readonly stack: string; readonly password: string },
  ): Promise<SnapshotRepository> {
    await storePassword(tools, password);
    const repository = new SnapshotRepository(tools, stack);
    await repository.makeUnlessThere();
    await repository.clearDeadLocks();
    return repository;
  }

  /** Opens it to look only, while others may work on it; undefined when there is none. */
  static async look(
    tools: ToolsContainer,
    { stack, password }: { readonly stack: string; readonly password: string },
  ): Promise<SnapshotRepository | undefined> {
    const { code } = await tools.run(["test", "-e", `${REPOSITORY}/config`], { accept: [1] });
    if (code !== 0) return undefined;
    await storePassword(tools, password);
    return new SnapshotRepository(tools, stack);
  }

  private async makeUnlessThere(): Promise<void> {
    // Keys without a configuration open nothing; data without one is a repository that was damaged.
    const script = `cd ${REPOSITORY} && if [ -e config ]; then echo there
      elif [ -n "$(find data snapshots index -type f -print -quit 2> /dev/null)" ]; then echo damaged
      else rm -rf keys; fi`;
    const { stdout } = await this.tools.run(["sh", "-c", script]);
    if (stdout.trim() === "there") return;
    if (stdout.trim() === "") {
      await this.restic(["init", "--repository-version", "2"]);
      return;
    }
    throw new Failure(
      "data",
      `The snapshots of ${this.stack} are damaged: their configuration is gone.`,
      {
        fix: "restore the file config in the volume of the snapshots from your own copy of it",
      },
    );
  }

  private async clearDeadLocks(): Promise<void> {
    const script = `cd ${REPOSITORY}/locks && find . -type f -printf '%f\\n'`;
    const names = (await this.tools.run(["sh", "-c", script])).stdout.split("\n").filter(Boolean);
    if (names.length === 0) return;
    const running = await (await connectDocker()).listContainers();
    const ids = running.map(({ Id }) => Id);
    for (const name of names) {
      const text = await this.restic(["cat", "lock", name, "--no-lock"]);
      const lock = JSON.parse(text) as ResticLock;
      if (isDeadLock(lock, ids)) continue;
      throw new Failure(
        "locked",
        `${lock.hostname} works on the snapshots of ${this.stack} since ${lock.time}.`,
        {
          fix: "wait until it ends; what is not doom's own can be unlocked with restic only",
        },
      );
    }
    await this.restic(["unlock", "--remove-all"]);
  }

  /** Proven snapshots, the newest first, and the IDs of what interrupted runs left. */
  async list(): Promise<ReturnType<typeof readSnapshots>> {
    const text = await this.restic(["snapshots", "--json", "--no-lock"]);
    return readSnapshots(JSON.parse(text) as ResticSnapshot[]);
  }

  /**
   * Copies {@link DATA} and its manifest into the repository.
   *
   * Gives the ID of a snapshot that does not count before {@link confirm}, and whether something vanished
   * meanwhile.
   */
  async backUp(
    facts: SnapshotFacts,
    manifest: string,
    onProgress: (bytes: number, files: number) => void,
  ): Promise<{ id: string; vanished: boolean }> {
    await this.tools.run(["sh", "-c", `cat > ${MANIFEST}`], { input: createReadStream(manifest) });
    let end: { id: string } | undefined;
    const arguments_ = [
      ...["backup", "--json", "--one-file-system", "--exclude", `${DATA}/lost+found`],
      ...["--host", seriesOf(facts), ...tagsOf(facts).flatMap((tag) => ["--tag", tag])],
      ...[DATA, MANIFEST],
    ];
    const code = await this.eachLine(arguments_, (line) => {
      const message = JSON.parse(line) as BackupMessage;
      if (message.message_type === "status") {
        onProgress(message.bytes_done ?? 0, message.files_done ?? 0);
      } else if (message.snapshot_id !== undefined) end = { id: message.snapshot_id };
    });
    if (end === undefined) throw new Error("restic named no snapshot");
    return { ...end, vanished: code === INCOMPLETE };
  }

  /** Lets a snapshot count that was proven, besides the `earlier` ones. Its ID changes: restic writes it anew. */
  async confirm(id: string, earlier: readonly Snapshot[]): Promise<Snapshot> {
    const before = new Set(earlier.map((one) => one.id));
    await this.restic(["tag", "--add", COMPLETE, id]);
    const made = (await this.list()).complete.find((one) => !before.has(one.id));
    if (made === undefined) throw new Error(`restic did not tag the snapshot ${id}`);
    return made;
  }

  /** Writes the manifest of a snapshot to a file. */
  async readManifest(id: string, file: string): Promise<void> {
    const output = this.tools.stream([...RESTIC, "dump", "--no-lock", id, MANIFEST]);
    await this.explained(() => pipeline(output, createWriteStream(file, { mode: 0o600 })));
  }

  /** Writes the data of a snapshot to {@link DATA}. restic's complaints come out in the proof. */
  async restore(id: string): Promise<void> {
    await this.restic(["restore", "--no-lock", id, "--target", "/", "--include", DATA]);
  }

  /** What is wrong with the repository when all of it is read; empty when nothing is. */
  async check(): Promise<string[]> {
    try {
      await this.tools.run([...RESTIC, "check", "--read-data"]);
      return [];
    } catch (error) {
      if (!(error instanceof ToolFailed)) throw error;
      return error.message.split("\n").filter((line) => line.trim() !== "");
    }
  }

  /** Removes snapshots; their data goes with {@link prune}. */
  async forget(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.restic(["forget", ...ids]);
  }

  /** Removes what retention does not keep, and all data that no snapshot needs any more. */
  async prune(): Promise<readonly string[]> {
    const keep = Object.entries(RETENTION).flatMap(([period, count]) => [
      `--keep-${period}`,
      String(count),
    ]);
    const text = await this.restic(["forget", "--json", "--group-by", "host", ...keep]);
    await this.restic(["prune"]);
    const groups = (text.trim() === "" ? [] : JSON.parse(text)) as ForgottenGroup[];
    return groups.flatMap(({ remove }) => (remove ?? []).map(({ id }) => shortId(id)));
  }

  private async restic(command: readonly string[]): Promise<string> {
    return this.explained(async () => (await this.tools.run([...RESTIC, ...command])).stdout);
  }

  private async eachLine(
    command: readonly string[],
    take: (line: string) => void,
  ): Promise<number> {
    const output = this.tools.stream([...RESTIC, ...command], { accept: [INCOMPLETE] });
    let rest = "";
    return this.explained(async () => {
      for (;;) {
        const { done, value } = await output.next();
        if (done) return value;
        const lines = (rest + value.toString("utf8")).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) if (line !== "") take(line);
      }
    });
  }

  private async explained<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw error instanceof ToolFailed ? this.failure(error) : error;
    }
  }

  private failure({ message }: ToolFailed): Failure {
    if (message.includes("wrong password or no key found")) {
      return new Failure("data", `The snapshots of ${this.stack} do not open with its password.`, {
        fix: "restore the state of the stack that they were made with; or remove their volume by hand to begin anew",
      });
    }
    const problems = message.split("\n").slice(-5);
    if (message.includes("no space left")) {
      return new Failure("data", "The disk of the Docker host is full.", {
        problems,
        fix: `make room there, or let \`npx doom snapshot prune ${this.stack}\` do it`,
      });
    }
    return new Failure("data", `The repository of ${this.stack} could not be used:`, {
      problems,
      fix: `npx doom snapshot verify ${this.stack}`,
    });
  }
}

async function storePassword(tools: ToolsContainer, password: string): Promise<void> {
  await tools.run(["sh", "-c", `umask 377 && cat > ${PASSWORD}`], { input: password });
}

interface BackupMessage {
  readonly message_type: string;
  readonly bytes_done?: number;
  readonly files_done?: number;
  readonly snapshot_id?: string;
}

interface ForgottenGroup {
  readonly remove: readonly { readonly id: string }[] | null;
}

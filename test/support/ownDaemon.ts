import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import Docker from "dockerode";

/** Of the folders, with the process that they belong to. */
const PREFIX = "doom-docker-";
/** A cold daemon answers after 1 to 5 s; one that has containers to stop may take its time. In milliseconds. */
const START_MS = 60_000;
const STOP_MS = 60_000;
const ANSWER_MS = 5000;
const POLL_MS = 100;

/**
 * A Docker engine of one test's own, which it may stop, kill and hold still: all others share theirs.
 *
 * It has its own folders and its own network namespace, where its bridges, its packet filter's rules and its
 * published ports are: nothing of it meets the shared one. For a client it is the socket at `address`; published
 * ports cannot be reached from outside, nor anything outside from within: builds have to do without. It ends with the process that started it. Needs root and `dockerd` on this
 * machine.
 */
class OwnDaemon {
  /** Where the tests' shared engine is; undefined: at Docker's own place. */
  private readonly shared = process.env.DOCKER_HOST;
  private readonly folder: string;
  private namespace: ChildProcess | undefined;
  private daemon: ChildProcess | undefined;

  constructor() {
    removeLeftFolders();
    this.folder = mkdtempSync(path.join(tmpdir(), `${PREFIX}${process.pid}-`));
    process.env.DOCKER_HOST = this.address;
  }

  private get socket(): string {
    return path.join(this.folder, "docker.sock");
  }

  /** What DOCKER_HOST is in this process. */
  get address(): string {
    return `unix://${this.socket}`;
  }

  /** Starts it, for the first time or again, and waits until it answers. */
  async start(): Promise<void> {
    this.namespace ??= await makeNamespace();
    const daemon = this.spawn(this.namespace.pid as number);
    this.daemon = daemon;
    const end = Date.now() + START_MS;
    while (!(await this.answers())) {
      if (hasEnded(daemon) || Date.now() > end)
        throw new Error(`the test's own dockerd does not start:\n${this.log()}`);
      await wait(POLL_MS);
    }
  }

  private spawn(namespace: number): ChildProcess {
    const config = path.join(this.folder, "daemon.json");
    writeFileSync(config, "{}");
    const log = openSync(path.join(this.folder, "daemon.log"), "a");
    const folders = ["data", "exec"].map(
      (name) => `--${name}-root=${path.join(this.folder, name)}`,
    );
    const daemon = spawn(
      "setpriv",
      [
        ...["--pdeathsig", "TERM", "nsenter", `--net=/proc/${namespace}/ns/net`, "dockerd"],
        ...folders,
        `--config-file=${config}`,
        `--pidfile=${path.join(this.folder, "docker.pid")}`,
        `--host=${this.address}`,
        "--bridge=none",
        // Where the machine has a containerd of its own, both engines use that.
        `--containerd-namespace=${path.basename(this.folder)}`,
        `--containerd-plugins-namespace=${path.basename(this.folder)}-plugins`,
      ],
      { detached: true, stdio: ["ignore", log, log] },
    );
    closeSync(log);
    daemon.on("error", () => {}); // Shown by start(): it has no process then.
    return daemon;
  }

  private async answers(): Promise<boolean> {
    try {
      await new Docker({ socketPath: this.socket, timeout: ANSWER_MS }).ping();
      return true;
    } catch {
      return false;
    }
  }

  private log(): string {
    const text = readFileSync(path.join(this.folder, "daemon.log"), "utf8");
    return text.trimEnd().split("\n").slice(-10).join("\n");
  }

  /** As `systemctl stop docker` does: it ends its connections, then its containers, then itself. */
  stop(): Promise<void> {
    return this.end("SIGTERM");
  }

  /** As the kernel does when memory is short: its containers stay. */
  async kill(): Promise<void> {
    await this.end("SIGKILL");
    // Its containerd dies with it, a moment later; one that is dying must not be taken for one that runs.
    rmSync(path.join(this.folder, "exec", "containerd", "containerd.pid"), { force: true });
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { daemon } = this;
    if (daemon === undefined || hasEnded(daemon)) return;
    const ended = once(daemon, "exit");
    daemon.kill(signal);
    const late = new AbortController();
    const limit = wait(STOP_MS, "late", { signal: late.signal }).catch(() => "");
    if ((await Promise.race([ended, limit])) === "late")
      throw new Error(`the test's own dockerd does not end:\n${this.log()}`);
    late.abort();
  }

  /** From now on it takes connections and answers nothing. */
  pause(): void {
    this.daemon?.kill("SIGSTOP");
  }

  resume(): void {
    this.daemon?.kill("SIGCONT");
  }

  /** Takes over images of the shared engine, by name or ID. */
  async take(images: readonly string[]): Promise<void> {
    const env = await this.onShared(async () => ({ ...process.env }));
    const saving = spawn("docker", ["save", ...images], {
      env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const loading = spawn("docker", ["--host", this.address, "load", "--quiet"], {
      stdio: [saving.stdout, "ignore", "inherit"],
    });
    const codes = await Promise.all([saving, loading].map((child) => once(child, "exit")));
    if (codes.some(([code]) => code !== 0)) throw new Error("images could not be taken over");
  }

  /** Does `work` on the shared engine. */
  async onShared<T>(work: () => Promise<T>): Promise<T> {
    if (this.shared === undefined) delete process.env.DOCKER_HOST;
    else process.env.DOCKER_HOST = this.shared;
    try {
      return await work();
    } finally {
      process.env.DOCKER_HOST = this.address;
    }
  }

  /** Makes it answer again, in whatever state a test has left it. */
  async recover(): Promise<void> {
    this.resume();
    if (this.daemon === undefined || hasEnded(this.daemon)) await this.start();
  }

  /** Removes it with everything that it holds. */
  async dispose(): Promise<void> {
    try {
      if (this.namespace === undefined) return;
      // Only a daemon that runs can take its containers and their mounts with it.
      await this.recover();
      await this.removeContainers();
      await this.stop();
    } finally {
      this.daemon?.kill("SIGKILL");
      this.namespace?.kill("SIGKILL");
      removeFolder(this.folder);
    }
  }

  private async removeContainers(): Promise<void> {
    const client = new Docker({ socketPath: this.socket });
    const all = await client.listContainers({ all: true });
    await Promise.all(all.map(({ Id }) => client.getContainer(Id).remove({ force: true })));
  }
}

/**
 * That of the test file that imports this. To be imported before anything that makes a client of Docker: from here on
 * the process, and what it starts, finds its own engine where it looks for one.
 */
export const ownDaemon = new OwnDaemon();

/** A process in a network namespace of its own, which it keeps, with nothing in it but the loopback device. */
async function makeNamespace(): Promise<ChildProcess> {
  const script = "ip link set lo up && echo ready && exec sleep infinity";
  const holder = spawn("setpriv", ["--pdeathsig", "KILL", "unshare", "--net", "sh", "-c", script], {
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [text] = await Promise.race([once(holder.stdout, "data"), once(holder, "exit")]);
  if (String(text) !== "ready\n") throw new Error("a network namespace needs root and iproute2");
  return holder;
}

function hasEnded({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid === undefined || exitCode !== null || signalCode !== null;
}

/** Of test runs that were killed. */
function removeLeftFolders(): void {
  for (const name of readdirSync(tmpdir())) {
    const owner = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (owner && !existsSync(`/proc/${owner}`)) removeFolder(path.join(tmpdir(), name));
  }
}

/** With what is mounted in it: a killed daemon leaves that. */
function removeFolder(folder: string): void {
  const mounts = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "")
    .filter((at) => at.startsWith(`${folder}/`));
  for (const at of mounts.reverse()) execFileSync("umount", ["--lazy", at]);
  rmSync(folder, { recursive: true, force: true });
}

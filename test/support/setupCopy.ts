import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const CHECKOUT = path.resolve(__dirname, "../..");

/** What the set-up makes, and what belongs to one checkout only. */
const NOT_COPIED = [".git", ".passphrases", ".state", "bin", "node_modules", "reports"];

/** A part as `doctor --json` shows it. */
export interface DoctorPart {
  readonly name: string;
  readonly healthy: boolean;
  readonly needed: boolean;
  readonly version?: string;
  readonly origin?: string;
  readonly problem?: string;
  readonly advice?: string;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Wall clock of the whole process. */
  readonly seconds: number;
}

/**
 * A fresh checkout with a PULUMI_HOME of its own, to run the set-up in, kill it and break things.
 *
 * The machine's packages, Docker and Go's caches are the shared ones.
 */
export class SetupCopy {
  readonly root: string;
  readonly home: string;
  private readonly children = new Set<ChildProcess>();

  /** @param home PULUMI_HOME to share with another copy; default: one of its own. */
  constructor(home?: string) {
    const folder = mkdtempSync(path.join(tmpdir(), "doom-setup-"));
    this.root = path.join(folder, "checkout");
    this.home = home ?? path.join(folder, "pulumi-home");
    const left = NOT_COPIED.map((name) => path.join(CHECKOUT, name));
    const certificates = path.join(CHECKOUT, "images", "extra-ca");
    cpSync(CHECKOUT, this.root, {
      recursive: true,
      filter: (source) =>
        !left.includes(source) && !(path.dirname(source) === certificates && /\.crt$/.test(source)),
    });
    mkdirSync(path.join(this.root, ".state"));
  }

  /** Puts the engine that the machine has into this copy's PULUMI_HOME. */
  copyEngine(): void {
    const from = process.env.PULUMI_HOME || path.join(homedir(), ".pulumi");
    for (const name of ["versions", "plugins"]) {
      if (existsSync(path.join(from, name))) {
        cpSync(path.join(from, name), path.join(this.home, name), { recursive: true });
      }
    }
  }

  /** A path in the checkout. */
  path(...names: string[]): string {
    return path.join(this.root, ...names);
  }

  environment(changes: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
    return { ...process.env, PULUMI_HOME: this.home, ...changes };
  }

  start(script: "setup" | "doctor", args: readonly string[], changes?: NodeJS.ProcessEnv): Running {
    const file = this.path("toolchain", `${script}.mjs`);
    const child = spawn(process.execPath, [file, ...args], {
      cwd: this.root,
      env: this.environment(changes),
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.children.add(child);
    return new Running(child);
  }

  setup(purpose: string, changes?: NodeJS.ProcessEnv): Promise<Ended> {
    return this.start("setup", [purpose], changes).ended;
  }

  /** The doctor's answer: its exit code, and the parts by name. */
  async doctor(changes?: NodeJS.ProcessEnv): Promise<{
    readonly code: number | null;
    readonly parts: ReadonlyMap<string, DoctorPart>;
    readonly sick: readonly string[];
  }> {
    const { code, stdout } = await this.start("doctor", ["--json"], changes).ended;
    const parts = (JSON.parse(stdout) as { parts: DoctorPart[] }).parts;
    return {
      code,
      parts: new Map(parts.map((part) => [part.name, part])),
      sick: parts.filter((part) => part.needed && !part.healthy).map((part) => part.name),
    };
  }

  /**
   * Starts the set-up and kills it with SIGKILL as soon as the condition holds.
   *
   * Throws when the set-up ends before: the kill would have proved nothing.
   */
  async killSetup(purpose: string, condition: () => boolean): Promise<void> {
    const running = this.start("setup", [purpose]);
    while (!condition()) {
      if (running.child.exitCode !== null) {
        const { stdout, stderr } = await running.ended;
        throw new Error(`the set-up ended before it could be killed:\n${stdout}\n${stderr}`);
      }
      await sleep(5);
    }
    running.child.kill("SIGKILL");
    const { signal } = await running.ended;
    if (signal !== "SIGKILL") throw new Error("the set-up ended in the moment of its killing");
  }

  /**
   * Every file and folder in the checkout and PULUMI_HOME, with what tells a change; but not the log
   * that the CLI itself keeps of each of its starts.
   */
  snapshot(): Map<string, string> {
    const found = new Map<string, string>();
    for (const top of [this.root, this.home]) visit(top, found, path.join(this.home, "logs"));
    return found;
  }

  dispose(): void {
    for (const child of this.children) child.kill("SIGKILL");
    rmSync(path.dirname(this.root), { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A started process and its end. */
export class Running {
  readonly ended: Promise<Ended>;
  stdout = "";
  stderr = "";

  constructor(readonly child: ChildProcess) {
    const since = performance.now();
    child.stdout?.on("data", (data) => {
      this.stdout += data;
    });
    child.stderr?.on("data", (data) => {
      this.stderr += data;
    });
    this.ended = once(child, "close").then(([code, signal]) => ({
      code,
      signal,
      stdout: this.stdout,
      stderr: this.stderr,
      seconds: (performance.now() - since) / 1000,
    }));
  }
}

function visit(folder: string, found: Map<string, string>, except: string): void {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (file === except) continue;
    const { size, mtimeMs, mode } = lstatSync(file);
    found.set(file, `${mode} ${entry.isDirectory() ? "" : size} ${mtimeMs}`);
    if (entry.isDirectory()) visit(file, found, except);
  }
}

/** Processes that work in a folder or below it, by their command lines. */
export function processesIn(folder: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return `${readlinkSync(`/proc/${pid}/cwd`)}/`.startsWith(`${folder}/`);
      } catch {
        return false; // It has ended since the listing, or is a zombie.
      }
    });
}

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { RunResult } from "./liveEnvironment";

export type { RunResult };

/** A program of the project as a process of its own, in a copy of the project. */
export class NodeProcess {
  stdout = "";
  stderr = "";
  private readonly child: ChildProcess;
  private readonly ended: Promise<unknown>;

  /** `variables` go over an environment without any variable of Pulumi's but PULUMI_HOME. */
  constructor(
    root: string,
    args: readonly string[],
    variables: Readonly<Record<string, string>> = {},
  ) {
    const inherited = Object.entries(process.env).filter(
      ([name]) => !name.startsWith("PULUMI_") || name === "PULUMI_HOME",
    );
    this.child = spawn(process.execPath, [...args], {
      cwd: root,
      env: { ...Object.fromEntries(inherited), ...variables },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child.stdout?.setEncoding("utf8").on("data", (text) => {
      this.stdout += text;
    });
    this.child.stderr?.setEncoding("utf8").on("data", (text) => {
      this.stderr += text;
    });
    this.ended = once(this.child, "close");
  }

  get pid(): number {
    return this.child.pid as number;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Waits for the end; the code is -1 when a signal ended it. */
  async result(): Promise<RunResult> {
    await this.ended;
    return { code: this.child.exitCode ?? -1, stdout: this.stdout, stderr: this.stderr };
  }

  /**
   * Waits until `seen` gives something other than undefined, and gives that.
   *
   * Throws with everything that was printed when the process ends first.
   */
  async until<T>(seen: () => Promise<T | undefined> | T | undefined): Promise<T> {
    for (;;) {
      const found = await seen();
      if (found !== undefined) return found;
      if (!this.isRunning) {
        throw new Error(`the process ended too early:\n${this.stdout}\n${this.stderr}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }
}

/** `doom`, as a user starts it. */
export class DoomProcess extends NodeProcess {
  constructor(
    root: string,
    args: readonly string[],
    variables: Readonly<Record<string, string>> = {},
  ) {
    super(root, ["bin/cli/main.js", ...args], variables);
  }
}

/** Runs `doom` to its end; any exit code is an answer. */
export function runDoom(
  root: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<RunResult> {
  return new DoomProcess(root, args, variables).result();
}

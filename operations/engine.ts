import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { pathToFileURL } from "node:url";
import type { LocalWorkspace, PulumiCommand, Stack } from "@pulumi/pulumi/automation";
import { errorCode, Failure } from "./failure";
import type { Project } from "./project";
import { readVersions } from "./versions";

/** The Pulumi engine that the set-up prepared, and the Automation API on top of it. */

/** Where the CLI is and what it must find in its environment. */
export interface EngineLocation {
  /** Its `bin/pulumi` is the CLI. */
  readonly root: string;
  readonly version: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** What a run of the CLI printed and how it ended. */
export interface EngineResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** A run of the CLI that did not succeed. */
export class EngineError extends Error {
  constructor(
    readonly result: EngineResult,
    /** The signal that ended it, when it did not end by itself. */
    readonly signal: NodeJS.Signals | undefined,
  ) {
    super(
      signal
        ? `the engine was ended by ${signal}`
        : `the engine ended with code ${result.code}: ${result.stderr.trim()}`,
    );
    this.name = "EngineError";
  }
}

/** As the set-up records it (toolchain/engineEnvironment.mjs). */
interface EngineRecord {
  readonly root: string;
  readonly version: string;
  readonly env: Record<string, string>;
}

/**
 * Finds the engine: what the set-up recorded, else where the `pulumi` npm package puts it.
 *
 * Throws a {@link Failure} when there is none.
 */
export async function findEngine(
  project: Project,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<EngineLocation> {
  const home = environment.PULUMI_HOME || join(homedir(), ".pulumi");
  const { pulumi: version } = readVersions(project);
  const record = await recordedEngine(project, home, version);
  const location: EngineLocation = record
    ? { root: record.root, version: record.version, environment: record.env }
    : {
        root: join(home, "versions", version),
        version,
        environment: { PULUMI_HOME: home, PULUMI_SKIP_UPDATE_CHECK: "true" },
      };
  if (existsSync(join(location.root, "bin", "pulumi"))) return location;
  throw new Failure("engine", `The Pulumi engine ${version} is not in ${location.root}.`, {
    fix: "run `npm start` once: its set-up puts it there (`npm run doctor` shows what else is missing)",
  });
}

async function recordedEngine(
  project: Project,
  home: string,
  version: string,
): Promise<EngineRecord | undefined> {
  const file = join(project.root, "toolchain", "engineEnvironment.mjs");
  const { readEngineRecord } = (await import(pathToFileURL(file).href)) as {
    readEngineRecord(home: string, version: string): Promise<EngineRecord | undefined>;
  };
  return readEngineRecord(home, version);
}

type Listener = (text: string) => void;

/**
 * The CLI as the Automation API drives it, each run in a process group of its own.
 *
 * Why not the API's own launcher: its child shares the terminal, so that Ctrl-C reaches the engine
 * once from the terminal and once from us, and the engine takes the second for "stop at once and
 * leave things half made".
 */
export class EngineCommand {
  readonly command: string;
  readonly version: null;
  private readonly running = new Set<{ readonly pid: number }>();

  constructor(private readonly location: EngineLocation) {
    this.command = join(location.root, "bin", "pulumi");
    this.version = null;
  }

  /** Whether a CLI runs at this moment. */
  get isRunning(): boolean {
    return this.running.size > 0;
  }

  /** Asks every running CLI to finish cleanly; asked twice, it ends without finishing. */
  interrupt(): void {
    this.signal("SIGINT");
  }

  /** Ends every running CLI and what it started, without any courtesy. */
  kill(): void {
    this.signal("SIGKILL");
  }

  private signal(name: NodeJS.Signals): void {
    for (const { pid } of this.running) {
      try {
        process.kill(name === "SIGKILL" ? -pid : pid, name);
      } catch (error) {
        // It ended between the last look and now.
        if (errorCode(error) !== "ESRCH") throw error;
      }
    }
  }

  /**
   * Runs the CLI; the Automation API calls it with these arguments, all but `input`: text for its
   * standard input, where it reads what must not stand on a command line.
   *
   * Throws an {@link EngineError} unless it succeeds.
   */
  run(
    args: readonly string[],
    folder: string,
    environment: Readonly<Record<string, string>>,
    onOutput?: Listener,
    onError?: Listener,
    input = "",
  ): Promise<EngineResult> {
    const path = `${join(this.location.root, "bin")}:${process.env.PATH ?? ""}`;
    const child = spawn(this.command, [...args, "--non-interactive"], {
      cwd: folder,
      env: {
        ...process.env,
        ...this.location.environment,
        ...environment,
        PATH: path,
        PULUMI_AUTOMATION_API: "true",
      },
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
    });
    endWith(child.stdin, input);
    const entry = { pid: child.pid as number };
    if (child.pid !== undefined) this.running.add(entry);
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      onOutput?.(text);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      onError?.(text);
    });
    return new Promise((resolve, reject) => {
      child.once("error", (error) => reject(engineFailure(this.command, error)));
      child.once("close", (code, signal) => {
        this.running.delete(entry);
        const result = { stdout, stderr, code: code ?? -1 };
        if (code === 0) resolve(result);
        else reject(new EngineError(result, signal ?? undefined));
      });
    });
  }
}

/** A child that ends without reading says why in its own words; the broken pipe adds nothing. */
function endWith(stdin: Writable, input: string): void {
  stdin.on("error", (error) => {
    if (errorCode(error) !== "EPIPE") throw error;
  });
  stdin.end(input);
}

function engineFailure(command: string, error: Error): Failure {
  return new Failure("engine", `${command} cannot be started: ${error.message}.`, {
    fix: "run `npm start` again: its set-up repairs it",
  });
}

/** A stack of this project, ready to be updated. */
export interface OpenStack {
  readonly stack: Stack;
  readonly workspace: LocalWorkspace;
}

/**
 * Opens an existing stack through the Automation API, without loading it before it is needed.
 *
 * `environment` reaches the CLI: the passphrase file, and options as PULUMI_OPTION_*.
 */
export async function openStack(
  project: Project,
  stack: string,
  command: EngineCommand,
  version: string,
  environment: Readonly<Record<string, string>>,
): Promise<OpenStack> {
  const automation = await import("@pulumi/pulumi/automation/index.js");
  const workspace = await automation.LocalWorkspace.create({
    workDir: project.root,
    envVars: { ...environment },
    pulumiCommand: asPulumiCommand(command, version),
  });
  // `pulumi stack select` would change what the user's own `pulumi` commands act on; every command
  // of the API names its stack anyway, and that the stack exists was read from its state.
  workspace.selectStack = async () => {};
  return { workspace, stack: await automation.Stack.select(stack, workspace) };
}

/** The API's class has a private constructor; what it uses of it is this shape (automation/cmd.js). */
function asPulumiCommand(command: EngineCommand, version: string): PulumiCommand {
  return {
    command: command.command,
    // As text: the API asks only for toString() and parses that.
    version: version as unknown as PulumiCommand["version"],
    run: command.run.bind(command),
  } as unknown as PulumiCommand;
}

import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseDocument } from "yaml";

/** What a command printed and how it ended. */
export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The outputs of `index.ts`, as `pulumi stack output --json` gives them. */
export interface StackOutputs {
  readonly url: string;
  readonly passwordCommand: string;
  readonly instances: { index: number; container: string; volume: string; image: string }[];
  readonly imageDigests: { codeServer: string; gateway: string };
  readonly networks: Record<"internal" | "edge" | "egress", { name: string; cidr: string }>;
  readonly volumes: string[];
  readonly resting: string[];
  readonly passwords: Record<string, string>;
  readonly snapshotPassword: string;
}

/** One resource's step in a preview. */
export interface PlannedStep {
  /** The resource's own name within the program. */
  readonly name: string;
  readonly operation: string;
}

/** The value of `doom-coding:environment`, as it stands in a stack file. */
export type EnvironmentValue = Record<string, unknown>;

const CONFIGURATION = ["config", "doom-coding:environment"];

/**
 * One stack of a copy of the project, driven as a user would: by its file and by commands in a shell.
 *
 * Every command runs in the copy's folder with the stack's passphrase file exported and no other
 * variable of Pulumi's, so that nothing of the caller's own set-up decides a test.
 */
export class LiveEnvironment {
  constructor(
    readonly root: string,
    readonly stack: string,
  ) {}

  private get file(): string {
    return path.join(this.root, `Pulumi.${this.stack}.yaml`);
  }

  /** The value of `doom-coding:environment` as it stands in the stack's file. */
  get value(): EnvironmentValue {
    const document = parseDocument(readFileSync(this.file, "utf8"));
    return (document.getIn(CONFIGURATION) as { toJSON(): EnvironmentValue }).toJSON();
  }

  /** The configured port of the host. */
  get port(): number {
    return (this.value.access as { port: number }).port;
  }

  /** The configured range, as `a.b.c.d/n`. */
  get cidr(): string {
    return (this.value.network as { cidr: string }).cidr;
  }

  /** Edits `doom-coding:environment` in the stack's file; everything else in the file stays. */
  configure(edit: (environment: EnvironmentValue) => EnvironmentValue): void {
    const document = parseDocument(readFileSync(this.file, "utf8"));
    document.setIn(CONFIGURATION, edit(this.value));
    writeFileSync(this.file, document.toString());
  }

  /** Runs a program in the project's folder; any exit code is an answer, not to start is an error. */
  run(command: string, args: readonly string[], input?: string): Promise<RunResult> {
    const own = Object.entries(process.env).filter(([name]) => !name.startsWith("PULUMI_"));
    const env = {
      ...Object.fromEntries(own),
      PULUMI_CONFIG_PASSPHRASE_FILE: path.join(this.root, ".passphrases", this.stack),
      ...(process.env.PULUMI_HOME ? { PULUMI_HOME: process.env.PULUMI_HOME } : {}),
    };
    const options = { cwd: this.root, env, maxBuffer: 64 * 1024 * 1024, timeout: 420_000 };
    return new Promise((resolve, reject) => {
      const child = execFile(command, [...args], options, (error, stdout, stderr) => {
        if (error && typeof error.code !== "number") reject(error);
        else resolve({ code: error ? (error.code as unknown as number) : 0, stdout, stderr });
      });
      child.stdin?.end(input ?? "");
    });
  }

  /** `npx pulumi … --stack STACK`, with any outcome. */
  tryPulumi(...args: string[]): Promise<RunResult> {
    return this.run("npx", ["pulumi", ...args, "--stack", this.stack, "--non-interactive"]);
  }

  /** `npx pulumi …`; throws with everything it printed unless it succeeds. */
  async pulumi(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.tryPulumi(...args);
    if (code !== 0) throw new Error(`pulumi ${args.join(" ")}: code ${code}\n${stdout}\n${stderr}`);
    return stdout;
  }

  /** `pulumi …` with text on its standard input, for what must not stand on a command line. */
  async pulumiWithInput(input: string, ...args: string[]): Promise<void> {
    const command = ["pulumi", ...args, "--stack", this.stack, "--non-interactive"];
    const { code, stderr } = await this.run("npx", command, input);
    if (code !== 0) throw new Error(`pulumi ${args.join(" ")}: code ${code}\n${stderr}`);
  }

  /** `doom …`; throws with everything it printed unless it succeeds. */
  async doom(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(process.execPath, ["bin/cli/main.js", ...args]);
    if (code !== 0) throw new Error(`doom ${args.join(" ")}: code ${code}\n${stdout}\n${stderr}`);
    return stdout;
  }

  up(...args: string[]): Promise<string> {
    return this.pulumi("up", "--yes", "--skip-preview", ...args);
  }

  /** What an `up` would do, without what stays the same and without the looks of a refresh. */
  async plan(...args: string[]): Promise<PlannedStep[]> {
    const { steps } = JSON.parse(await this.pulumi("preview", "--json", ...args)) as {
      steps: { op: string; urn: string }[];
    };
    return steps
      .filter(({ op }) => op !== "same" && op !== "refresh")
      .map(({ op, urn }) => ({ name: urn.slice(urn.lastIndexOf("::") + 2), operation: op }));
  }

  /** The stack's outputs with its secrets in the clear. */
  async outputs(): Promise<StackOutputs> {
    return JSON.parse(await this.pulumi("stack", "output", "--json", "--show-secrets"));
  }

  /** The stack's state as a deployment, with its secrets in the clear. */
  async plainState(): Promise<{ resources: { urn: string; type: string; outputs?: unknown }[] }> {
    const { deployment } = JSON.parse(await this.pulumi("stack", "export", "--show-secrets"));
    return deployment;
  }
}

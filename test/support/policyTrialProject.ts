import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { UNKNOWN } from "../../checks/rules/facts";
import { findProject } from "../../operations/project";
import { isResource, STACK, type Subject } from "../../policy/fixtures/fixture";
import type { RunResult } from "./liveEnvironment";

/** The checkout that the tests belong to. */
const ROOT = findProject(__dirname, {}).root;
const PACK = path.join(ROOT, "policy");

/** What stands for an unknown in the file that the program reads. */
const UNKNOWN_MARK = { "fixture:unknown": true };

/** One resource as the trial program registers it. */
export interface TrialResource {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly protect?: boolean;
  /** The containers that a `ContainerLimits` takes, by name; for that component only. */
  readonly containers?: readonly string[];
}

/** A violation as the engine prints it. */
export interface Violation {
  readonly level: string;
  readonly policy: string;
  readonly resource: string;
  readonly text: string;
}

/** What a preview under the pack came to. */
export interface TrialResult extends RunResult {
  readonly violations: readonly Violation[];
}

/**
 * A program that registers whatever its file says. In plain JavaScript, without this project's
 * components: what they would refuse, the engine has to.
 */
const PROGRAM = `
const pulumi = require("@pulumi/pulumi");
const command = require("@pulumi/command");
// By hand and not through the SDKs' classes: those stop at an input that is missing.
const VERSIONS = {
  docker: require("@pulumi/docker/package.json").version,
  command: require("@pulumi/command/package.json").version,
};
const resources = require(process.env.DOOM_TRIAL_RESOURCES);
const made = new Map();
let source;
function register(type, name, inputs, options) {
  const version = VERSIONS[type.split(":")[0]];
  return version === undefined
    ? new pulumi.ComponentResource(type, name)
    : new pulumi.CustomResource(type, name, inputs, { ...options, version });
}
function unknown() {
  // Its ID is known even in a preview, its output is not.
  source ??= new command.local.Command("source-of-unknowns", { create: "true" });
  return source.stdout;
}
function value(given) {
  if (Array.isArray(given)) return given.map(value);
  if (typeof given !== "object" || given === null) return given;
  if (given["fixture:unknown"]) return unknown();
  return Object.fromEntries(Object.entries(given).map(([key, inner]) => [key, value(inner)]));
}
for (const { type, name, inputs, protect, containers } of resources) {
  if (containers) {
    const parent = new pulumi.ComponentResource(type, name);
    const ids = pulumi.all(containers.map((one) => made.get(one).id)).apply((all) => all.join(" "));
    const environment = { DOOM_CONTAINERS: ids, DOOM_PROCESS_LIMIT: inputs.limit };
    register("command:local:Command", name + "-set", { create: "true", environment }, { parent });
    continue;
  }
  made.set(name, register(type, name, value(inputs), { protect }));
}
`;

/** A Pulumi project of one small program, previewed under the real pack by the real engine. */
export class PolicyTrialProject {
  private readonly root = mkdtempSync(path.join(tmpdir(), "doom-policy-"));
  private readonly passphrase = randomBytes(16).toString("hex");
  private files = 0;

  constructor() {
    mkdirSync(path.join(this.root, ".state"));
    symlinkSync(path.join(ROOT, "node_modules"), path.join(this.root, "node_modules"));
    this.write(
      "Pulumi.yaml",
      "name: fixture\nruntime: nodejs\nbackend: {url: 'file://./.state'}\n",
    );
    this.write("package.json", '{"name": "fixture", "main": "program.js"}');
    this.write("program.js", PROGRAM);
  }

  private write(file: string, content: string): string {
    const absolute = path.join(this.root, file);
    writeFileSync(absolute, content);
    return absolute;
  }

  /** A file of its own with this value as JSON, for a preview or for a configuration that names it. */
  writeJson(value: unknown): string {
    this.files += 1;
    return this.write(`file-${this.files}.json`, JSON.stringify(value, markUnknown));
  }

  /** Makes the stack. */
  async start(): Promise<void> {
    const { code, stderr } = await this.pulumi(["stack", "init", STACK, "--no-select"], {});
    if (code !== 0) throw new Error(`pulumi stack init: code ${code}\n${stderr}`);
  }

  /** Previews a program with these resources under the pack; `configuration` as in policy/config. */
  async preview(
    resources: readonly TrialResource[],
    configuration?: unknown,
  ): Promise<TrialResult> {
    const config =
      configuration === undefined ? [] : ["--policy-pack-config", this.writeJson(configuration)];
    const result = await this.pulumi(
      ["preview", "--stack", STACK, "--color", "never", "--policy-pack", PACK, ...config],
      { DOOM_TRIAL_RESOURCES: this.writeJson(resources) },
    );
    return { ...result, violations: violationsOf(result.stdout) };
  }

  private pulumi(args: readonly string[], more: Record<string, string>): Promise<RunResult> {
    const own = Object.entries(process.env).filter(
      ([name]) => !name.startsWith("PULUMI_") || name === "PULUMI_HOME",
    );
    const env = {
      ...Object.fromEntries(own),
      PULUMI_CONFIG_PASSPHRASE: this.passphrase,
      ...more,
    };
    const options = { cwd: this.root, env, maxBuffer: 64 * 1024 * 1024, timeout: 420_000 };
    const cli = path.join(this.root, "node_modules", ".bin", "pulumi");
    return new Promise((resolve, reject) => {
      execFile(cli, [...args, "--non-interactive"], options, (error, stdout, stderr) => {
        if (error && typeof error.code !== "number") reject(error);
        else resolve({ code: error ? (error.code as unknown as number) : 0, stdout, stderr });
      });
    });
  }

  dispose(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

function markUnknown(_key: string, value: unknown): unknown {
  return value === UNKNOWN ? UNKNOWN_MARK : value;
}

/** The violations in what a run printed: `- [mandatory]  NAME  (TYPE: RESOURCE)`, then indented text. */
export function violationsOf(output: string): Violation[] {
  const violations: (Violation & { text: string })[] = [];
  let current: { text: string } | undefined;
  for (const line of output.split("\n")) {
    const head = /^ {8}- \[(\w+)\] {2}([\w-]+) {2}\(.+: ([^:]+)\)$/.exec(line);
    if (head) {
      const [, level, policy, resource] = head as unknown as [string, string, string, string];
      const violation = { level, policy, resource, text: "" };
      violations.push(violation);
      current = violation;
    } else if (current && line.startsWith(" ".repeat(10)))
      current.text += `${current.text && "\n"}${line.trim()}`;
    else current = undefined;
  }
  return violations;
}

/** The resources that a fixture stands for; `name` begins the names of all of them. */
export function resourcesOf(name: string, subject: Subject): TrialResource[] {
  if (isResource(subject)) return [{ name, ...subject }];
  const containers = subject.containers.map(({ name: own, inputs }) => ({
    type: "docker:index/container:Container",
    name: `${name}-${own}`,
    inputs: inputs as Record<string, unknown>,
  }));
  const limits = subject.containers.flatMap(({ name: own, processLimits }) =>
    processLimits.map((limit) => ({
      type: "doom-coding:index:ContainerLimits",
      name: `${name}-${own}-limits`,
      inputs: { limit },
      containers: [`${name}-${own}`],
    })),
  );
  const networks = subject.networks.map(({ name: own, inputs }) => ({
    type: "docker:index/network:Network",
    name: `${name}-${own}`,
    inputs: inputs as Record<string, unknown>,
  }));
  return [...containers, ...limits, ...networks];
}

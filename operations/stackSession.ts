import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Checkpoint } from "../checks/checkpoint";
import type { StackFile } from "../checks/stackFile";
import { type EnvironmentConfig, parseEnvironment } from "../config/schema";
import { refuseOlderSchema } from "../config/schemaVersion";
import {
  EngineCommand,
  type EngineLocation,
  type EngineResult,
  findEngine,
  type OpenStack,
  openStack,
} from "./engine";
import { Failure } from "./failure";
import { checkPassphrase, type Passphrase, readPassphrase } from "./passphrase";
import { refuseInterruptedChange } from "./passphraseChange";
import { findProject, type Project, readStackFile } from "./project";
import { readState, stateFolderProblem } from "./stateFiles";

/** An existing stack whose file, state, passphrase and engine have been checked. */
export interface StackSession {
  readonly project: Project;
  readonly stack: string;
  readonly command: EngineCommand;
  /** The state at the beginning. */
  readonly checkpoint: Checkpoint;
  /** The policy pack that every run has to pass, with its levels for this stack where it has some. */
  readonly policies: PolicyOptions;
  /** What the CLI needs in its environment to read the stack's secrets. */
  readonly secretsEnvironment: Readonly<Record<string, string>>;
  /** Opens the stack in the Automation API; `options` are flags of the CLI, as PULUMI_OPTION_*. */
  open(options?: Readonly<Record<string, string>>): Promise<OpenStack>;
  /**
   * Runs one command of the CLI on this stack, with `input` on its standard input.
   *
   * Throws an {@link EngineError} unless it succeeds.
   */
  run(args: readonly string[], input?: string): Promise<EngineResult>;
}

/** As the Automation API takes them. */
export interface PolicyOptions {
  readonly policyPacks?: string[];
  readonly policyPackConfigs?: string[];
}

/** A session of a stack whose environment is valid, too. */
export interface EnvironmentSession extends StackSession {
  readonly environment: EnvironmentConfig;
}

/**
 * Checks everything about `stack` that needs no engine, the cheapest first.
 *
 * Throws a {@link Failure} or a ConfigError, and has changed nothing then.
 */
export async function openSession(stack: string): Promise<StackSession> {
  const project = findProject();
  return sessionOf(project, stack, readStackFile(project, stack));
}

/** The same for commands that need a valid `doom-coding:environment`. */
export async function openEnvironmentSession(stack: string): Promise<EnvironmentSession> {
  const project = findProject();
  const file = readStackFile(project, stack);
  refuseOlderSchema(file.environment, stack);
  const environment = parseEnvironment(file.environment);
  return { ...(await sessionOf(project, stack, file)), environment };
}

async function sessionOf(project: Project, stack: string, file: StackFile): Promise<StackSession> {
  const checkpoint = requireState(project, stack);
  const secrets = await openSecrets(project, stack, file, checkpoint);
  const engine = await findEngine(project);
  const command = new EngineCommand(engine);
  return {
    project,
    stack,
    command,
    checkpoint,
    policies: policyOptions(project, stack),
    secretsEnvironment: secrets,
    open: (options = {}) => openWith(project, stack, command, engine, { ...secrets, ...options }),
    run: (args, input = "") =>
      command.runWithInput([...args, "--stack", stack], project.root, secrets, input),
  };
}

function openWith(
  project: Project,
  stack: string,
  command: EngineCommand,
  engine: EngineLocation,
  environment: Readonly<Record<string, string>>,
): Promise<OpenStack> {
  return openStack(project, stack, command, engine.version, environment);
}

function requireState(project: Project, stack: string): Checkpoint {
  requireStateFolder(project);
  const state = readState(project, stack);
  if (state) return state.checkpoint;
  throw new Failure("configuration", `The stack ${stack} has not been created yet.`, {
    fix: `npx doom init ${stack}`,
  });
}

/** Throws a {@link Failure} unless the state folder can be used. */
export function requireStateFolder(project: Project): void {
  const problem = stateFolderProblem(project);
  if (problem === undefined) return;
  const [summary, fix] = problem.split("; ") as [string, string];
  throw new Failure("state", `${summary[0]?.toUpperCase()}${summary.slice(1)}.`, { fix });
}

/** What the CLI needs in its environment to read the stack's secrets. */
async function openSecrets(
  project: Project,
  stack: string,
  file: StackFile,
  checkpoint: Checkpoint,
): Promise<Passphrase["environment"]> {
  if (file.secretsProvider !== undefined && file.secretsProvider !== "passphrase") return {};
  refuseInterruptedChange(project, stack);
  const passphrase = readPassphrase(project, stack);
  const salt = file.encryptionSalt ?? checkpoint.salt;
  if (salt !== undefined) await checkPassphrase(stack, passphrase, salt, file.ciphertexts);
  return passphrase.environment;
}

/** Without a file of its own a stack is held to the pack's strictest levels. */
function policyOptions(project: Project, stack: string): PolicyOptions {
  const folder = join(project.root, "policy");
  if (!existsSync(join(folder, "PulumiPolicy.yaml"))) return {};
  const levels = join(folder, "config", `${stack}.json`);
  return {
    policyPacks: [folder],
    ...(existsSync(levels) ? { policyPackConfigs: [levels] } : {}),
  };
}

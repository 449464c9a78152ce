import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseDocument } from "yaml";
import { type Checkpoint, stackOutputs } from "../../checks/checkpoint";
import { SECRETS_KEY } from "../../config/keys";
import { EngineError, type EngineResult, type OpenStack } from "../engine";
import type { Place, SearchedObject } from "../placeSearch";
import { stackFilePath } from "../project";
import type { StackSession } from "../stackSession";

/** What Pulumi prints about a stack to whoever may run it, or reads its log. Changes nothing. */

/** Runs the CLI for the stack as the user would; any exit code is an answer. */
export type RunEngine = (args: readonly string[]) => Promise<EngineResult>;

export function engineRunner(session: StackSession, { workspace }: OpenStack): RunEngine {
  const { command, project, stack } = session;
  return async (args) => {
    try {
      return await command.run(
        [...args, "--stack", stack, "--color", "never"],
        project.root,
        workspace.envVars,
      );
    } catch (error) {
      if (error instanceof EngineError && error.signal === undefined) return error.result;
      throw error;
    }
  };
}

/**
 * The highest level of verbose logging at which the engine keeps secrets to itself.
 *
 * At 9 it writes every property that it hands to a provider, secrets in the clear (seen with 3.259;
 * sdk/go/common/resource/plugin/rpc.go); Pulumi promises only up to 10 not to do so on purpose.
 */
const VERBOSITY = 8;

/** A preview as text with the messages of policies, with all values, as JSON, and its verbose log. */
export function previews(session: StackSession, run: RunEngine): Place[] {
  const marker = `${session.project.name}-${session.stack}`;
  const { policyPacks = [], policyPackConfigs = [] } = session.policies;
  const policies = [
    ...policyPacks.flatMap((pack) => ["--policy-pack", pack]),
    ...policyPackConfigs.flatMap((config) => ["--policy-pack-config", config]),
  ];
  const verbose = [`--verbose=${VERBOSITY}`, "--logtostderr", "--logflow"];
  return [
    {
      name: "preview, with policies",
      async *objects() {
        const result = await run(["preview", ...policies, ...verbose]);
        yield { name: "its text", content: result.stdout, markers: [marker] };
        yield { name: "its verbose log", content: result.stderr, markers: [marker] };
        requireSuccess(result);
      },
    },
    printed("preview, all values", run, marker, [
      ["preview", "--diff", "--show-sames", "--show-reads", "--show-config"],
    ]),
    printed("preview, as JSON", run, marker, [["preview", "--json", "--show-sames"]]),
  ];
}

/** The state as it is exported, the outputs, and the record of past runs. */
export function records({ stack }: StackSession, run: RunEngine): Place[] {
  return [
    printed("exported state", run, `urn:pulumi:${stack}::`, [["stack", "export"]]),
    printed("stack outputs", run, "imageDigests", [
      ["stack", "output"],
      ["stack", "output", "--json"],
    ]),
    printed("run history", run, "doom-coding:environment", [["stack", "history", "--json"]]),
  ];
}

/** What each of these commands prints. */
function printed(
  name: string,
  run: RunEngine,
  marker: string,
  commands: readonly (readonly string[])[],
): Place {
  return {
    name,
    async *objects() {
      for (const args of commands) {
        const result = await run(args);
        const content = result.stdout + result.stderr;
        yield { name: `pulumi ${args.join(" ")}`, content, markers: [marker] };
        requireSuccess(result);
      }
    },
  };
}

/**
 * A command that fails has not shown what it would print otherwise. Its own words are not repeated:
 * they may hold what is searched for.
 */
function requireSuccess({ code }: EngineResult): void {
  if (code !== 0) throw new Error(`the engine ended with code ${code}`);
}

/**
 * The errors about a configuration with real passwords where they do not belong.
 *
 * In a copy of the stack file, deleted afterwards; it holds the passwords as the state does, encrypted.
 */
export function refusals(session: StackSession, run: RunEngine): Place {
  return {
    name: "error messages",
    async *objects() {
      const folder = mkdtempSync(join(tmpdir(), "doom-refused-"));
      try {
        yield* refused(session, run, join(folder, "refused.yaml"));
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

async function* refused(
  { project, stack, checkpoint }: StackSession,
  run: RunEngine,
  file: string,
): AsyncIterable<SearchedObject> {
  const document = parseDocument(readFileSync(stackFilePath(project, stack), "utf8"));
  document.setIn(["config", SECRETS_KEY], { secure: encryptedPasswords(checkpoint) });
  writeFileSync(file, document.toString(), { mode: 0o600 });
  const { code, stdout, stderr } = await run(["preview", "--config-file", file]);
  if (code === 0) throw new Error("a wrong configuration was not refused");
  yield {
    name: "a password under the name of no editor",
    content: stdout + stderr,
    markers: [`${SECRETS_KEY}["1"]: unknown`],
  };
}

/** All passwords of the stack in one ciphertext, which the same passphrase opens in a configuration. */
function encryptedPasswords(checkpoint: Checkpoint): string {
  const { ciphertext } = (stackOutputs(checkpoint).passwords ?? {}) as { ciphertext?: string };
  if (ciphertext === undefined) throw new Error("the state holds no encrypted passwords");
  return ciphertext;
}

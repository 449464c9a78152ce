import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { SECRETS_KEY } from "../config/keys";
import { formatPath } from "../config/problems";
import { EngineError } from "./engine";
import { Failure } from "./failure";
import type { StackSession } from "./stackSession";

/** Secrets in the form that a stack file holds. */
export interface EncryptedSecrets {
  /** Ciphertext by name. */
  readonly ciphertexts: ReadonlyMap<string, string>;
  /** The salt that they were made with, where the stack has a passphrase. */
  readonly salt: string | undefined;
}

/** What of a stack file decides how its secrets are encrypted. */
const PROVIDER_KEYS = ["secretsprovider", "encryptedkey", "encryptionsalt"];

/**
 * Encrypts secrets with the key of the stack, each handed to `pulumi config set` on standard input.
 *
 * The CLI writes to a file of its own, so that the stack's file stays ours to replace: it would write it
 * in place, and without its blank lines. Throws a {@link Failure} that never holds a value.
 */
export async function encryptSecrets(
  session: StackSession,
  stackFile: string,
  secrets: ReadonlyMap<string, string>,
): Promise<EncryptedSecrets> {
  const folder = mkdtempSync(join(tmpdir(), "doom-config-"));
  try {
    const file = join(folder, "config.yaml");
    writeFileSync(file, stringify(providerOf(session, stackFile)), { mode: 0o600 });
    for (const [name, value] of secrets) await setSecret(session, file, name, value);
    return readEncrypted(file, [...secrets.keys()]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function providerOf({ checkpoint }: StackSession, stackFile: string): Record<string, unknown> {
  const keys = (parse(stackFile) ?? {}) as Record<string, unknown>;
  const provider = Object.fromEntries(
    PROVIDER_KEYS.flatMap((key) => (keys[key] === undefined ? [] : [[key, keys[key]]])),
  );
  const { salt } = checkpoint;
  return Object.keys(provider).length === 0 && salt ? { encryptionsalt: salt } : provider;
}

async function setSecret(
  { command, project, stack, secretsEnvironment }: StackSession,
  file: string,
  name: string,
  value: string,
): Promise<void> {
  const key = `${SECRETS_KEY}${formatPath([name])}`;
  const target = ["--path", key, "--config-file", file, "--stack", stack];
  try {
    await command.runWithInput(
      ["config", "set", "--secret", ...target],
      project.root,
      secretsEnvironment,
      value,
    );
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    // What the CLI printed stays out: it may repeat what it was given.
    throw new Failure(
      "engine",
      `The engine could not encrypt ${name} (code ${error.result.code}).`,
      {
        fix: `see why: npx pulumi config --stack ${stack}; nothing was changed`,
      },
    );
  }
}

function readEncrypted(file: string, names: readonly string[]): EncryptedSecrets {
  const written = parse(readFileSync(file, "utf8")) as {
    encryptionsalt?: string;
    config?: Record<string, Record<string, { secure?: unknown }>>;
  };
  const entries = names.map((name): [string, string] => {
    const ciphertext = written.config?.[SECRETS_KEY]?.[name]?.secure;
    if (typeof ciphertext !== "string") throw new Error(`the engine did not encrypt ${name}`);
    return [name, ciphertext];
  });
  return { ciphertexts: new Map(entries), salt: written.encryptionsalt };
}

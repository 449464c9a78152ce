import type { LiveEnvironment } from "./liveEnvironment";

/** `doom verify` of all environments of a project that run, with what it gives under `--json`. */

export interface IsolationDocument {
  readonly isolated: boolean;
  readonly stations: string[];
  readonly counts: Record<string, number>;
  readonly pairs: { from: string; to: string; asDeclared: boolean }[];
  readonly problems: { from: string; to: string; via: string; port: number; problem: string }[];
  readonly shared: { kind: string; thing: string; between: string[] }[];
  readonly controls: { target: string; by?: string }[];
  /** The file of the run's record, below the project; with `--record`. */
  readonly record?: string;
}

export interface InteropDocument {
  readonly checks: { from: string; to: string; way: string; passed: boolean; evidence: string }[];
  readonly undeclared: { from: string; to: string; probes: number; problems: string[] }[];
  readonly score: { passed: number; total: number; percent: number };
  readonly record?: string;
}

export interface Verified<T> {
  readonly code: number;
  readonly document: T;
}

export function proveIsolation(
  environment: LiveEnvironment,
  ...options: readonly string[]
): Promise<Verified<IsolationDocument>> {
  return verify(environment, ["--isolation", ...options], "pairs");
}

export function proveInterop(
  environment: LiveEnvironment,
  ...options: readonly string[]
): Promise<Verified<InteropDocument>> {
  return verify(environment, ["--interop", ...options], "checks");
}

/** Throws with all that was printed when that is no document with `key`. */
async function verify<T>(environment: LiveEnvironment, words: readonly string[], key: string) {
  const command = ["bin/cli/main.js", "verify", ...words, "--json"];
  const { code, stdout, stderr } = await environment.run(process.execPath, command);
  if (!stdout.includes(`"${key}"`)) throw new Error(`code ${code}\n${stdout}\n${stderr}`);
  return { code, document: JSON.parse(stdout) as T };
}

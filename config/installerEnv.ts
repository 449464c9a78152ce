import { type EnvEntry, parseEnvFile, shownName } from "./envFile";
import { ConfigError } from "./errors";
import type { Configuration } from "./migrations/step";
import { passwordProblem } from "./secrets";

/** An `.env` of the installer, read and told apart. */
export interface InstallerEnv {
  /** The oldest form that has all of its settings, as a version of the chain. */
  readonly version: string;
  readonly configuration: Configuration;
  /** The settings as they stand in the file, by name. */
  readonly entries: ReadonlyMap<string, EnvEntry>;
}

/** The form of the `.env` that a setting came with. */
const FORM: Readonly<Record<string, number>> = {
  CODE_SERVER_PASSWORD: 1,
  PUID: 1,
  PGID: 1,
  TZ: 2,
  ANTHROPIC_API_KEY: 2,
  TS_AUTHKEY: 3,
  SUDO_PASSWORD: 3,
  WORKSPACE_PATH: 3,
  TS_ACCEPT_DNS: 3,
  TS_EXTRA_ARGS: 3,
  CODE_SERVER_PORT: 4,
  TARGETARCH: 4,
  CLAUDE_AUTOMATION: 4,
};

const SECRETS = new Set([
  "CODE_SERVER_PASSWORD",
  "ANTHROPIC_API_KEY",
  "TS_AUTHKEY",
  "SUDO_PASSWORD",
]);

/** Settings that a stack takes over, and that mean nothing when they are empty. */
const CARRIED = ["CODE_SERVER_PASSWORD", "PUID", "PGID", "TZ", "CODE_SERVER_PORT"];

/** Form 3 brought compose files with a default for each but the password. */
const REQUIRED_UP_TO_FORM_2 = ["CODE_SERVER_PASSWORD", "PUID", "PGID"];
const REQUIRED = ["CODE_SERVER_PASSWORD"];

/** Names that the loader, a shell or the start of a container act on; no installer ever wrote one. */
const DANGEROUS = /^(LD_.*|FILE__.*|BASH.*|ENV|SHELLOPTS|IFS|PS4|PATH|NODE_OPTIONS|DOCKER_MODS)$/;

/**
 * Reads an `.env` of the installer and finds out which of its released forms it has.
 *
 * Throws {@link ConfigError} with every problem as `file:line: name: what`, never with a value.
 */
export function readInstallerEnv(bytes: Uint8Array, file: string): InstallerEnv {
  const entries = new Map(parseEnvFile(bytes, file).map((entry) => [entry.name, entry]));
  const form = Math.max(1, ...[...entries.keys()].map(formOf));
  const problems = [
    ...[...entries.values()].flatMap((entry) =>
      entryProblems(entry).map((problem) => `${file}:${entry.line}: ${problem}`),
    ),
    ...(form <= 2 ? REQUIRED_UP_TO_FORM_2 : REQUIRED)
      .filter((name) => !entries.has(name))
      .map((name) => `${file}: ${name}: missing`),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
  const of = (wanted: boolean) =>
    new Map(
      [...entries.values()]
        .filter(({ name }) => SECRETS.has(name) === wanted)
        .map(({ name, value }) => [name, value]),
    );
  const configuration = { settings: of(false), secrets: of(true) };
  return { version: `env ${form}`, configuration, entries };
}

function formOf(name: string): number {
  return Object.hasOwn(FORM, name) ? (FORM[name] as number) : 1;
}

function entryProblems({ name, value }: EnvEntry): string[] {
  if (DANGEROUS.test(name)) {
    return [`${shownName(name)}: is refused: a loader, a shell or a container's start acts on it`];
  }
  if (!Object.hasOwn(FORM, name)) return [];
  if (value.includes("\n")) return [`${name}: holds a line break`];
  if (value.trim() === "" && CARRIED.includes(name)) return [`${name}: is empty`];
  const problem = name === "CODE_SERVER_PASSWORD" ? passwordProblem(value) : undefined;
  return problem === undefined ? [] : [`${name}: the password ${problem}`];
}

import { z } from "zod";
import { EXTENSION } from "../checks/extensionList";
import { ConfigError } from "../config/errors";
import { integer, text } from "../config/fields";
import { problemsOf } from "../config/problems";

/** What the deep gate is told. */
export interface GateInput {
  /** Name or ID of the container. */
  readonly container: string;
  /** The Argon2 hash of the login's password, which is what a browser's session cookie holds. Secret. */
  readonly loginHash: string;
  /** What has to be installed, and nothing else: `publisher.name@1.2.3`, as `extensionsOf` gives it. */
  readonly extensions: readonly string[];
  /** How long to wait for the container and its answers; a check that has begun may take 15 s more. */
  readonly timeoutSeconds: number;
  /** How long the container must have run without an end: some start, pass every check, and end. */
  readonly uptimeSeconds: number;
}

/** The times that fit an editor of ours on a busy host. */
export const GATE_TIMES = { timeoutSeconds: 120, uptimeSeconds: 10 } as const;

const settings = z.strictObject({
  container: text("the name or ID of a container", /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/),
  extensions: z.array(text("publisher.name@1.2.3", EXTENSION), {
    error: "a list of publisher.name@1.2.3",
  }),
  timeoutSeconds: integer(1, 3600, "a number of seconds").default(GATE_TIMES.timeoutSeconds),
  uptimeSeconds: integer(0, 3600, "a number of seconds").default(GATE_TIMES.uptimeSeconds),
});

const ARGON2_HASH = /^\$argon2(i|d|id)\$[^\s$]+(\$[^\s$]+)+$/;

/** Reads the gate's input from JSON. Throws a ConfigError with every problem; the hash is in none. */
export function parseGateInput(json: string): GateInput {
  const { loginHash, ...rest } = parseObject(json);
  const result = settings.safeParse(rest);
  const problems = result.success ? [] : problemsOf(result.error, rest, "gate");
  const isHash = typeof loginHash === "string" && ARGON2_HASH.test(loginHash);
  if (!isHash)
    problems.push("gate.loginHash: must be an Argon2 hash (what was given is not shown)");
  if (!result.success || !isHash) throw new ConfigError(problems);
  return { ...result.data, loginHash };
}

function parseObject(json: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // Said below: the parser's own error repeats what it was given.
  }
  throw new ConfigError(["gate: must be a JSON object"]);
}

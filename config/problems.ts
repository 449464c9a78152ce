import type { z } from "zod";

const LOOKS_SECRET = /tskey-|sk-ant-|\$argon2|^v1:[A-Za-z0-9+/=]+:|PRIVATE KEY|AGE-SECRET/;

/** Whether `text` has the form of a known kind of secret: never repeated, never kept in plain text. */
export function looksSecret(text: string): boolean {
  return LOOKS_SECRET.test(text);
}

const SHOWN_CHARACTERS = 60;

/** How a given value is shown in an error: its text for plain values, its kind for others. */
export function showValue(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object") return "a map";
  if (typeof value !== "string") return `${String(value)} (${typeof value})`;
  if (looksSecret(value)) return "text that looks like a secret (not shown)";
  const cut = value.length > SHOWN_CHARACTERS;
  return `${JSON.stringify(cut ? `${value.slice(0, SHOWN_CHARACTERS)}…` : value)}${cut ? ` (${value.length} characters)` : ""}`;
}

/** `a.b[0]["odd key"]`, the notation of `pulumi config set --path`. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path
    .map((part) => {
      if (typeof part === "number") return `[${part}]`;
      return /^[A-Za-z_][\w-]*$/.test(String(part))
        ? `.${String(part)}`
        : `[${JSON.stringify(part)}]`;
    })
    .join("");
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((current, part) => {
    if (typeof current !== "object" || current === null) return undefined;
    // Own keys only: `__proto__` in a path must not lead to the prototype.
    return Object.hasOwn(current, part)
      ? (current as Record<PropertyKey, unknown>)[part]
      : undefined;
  }, value);
}

type Issue = z.core.$ZodIssue;

/** A union fails as a whole; its nearest branch says more than "no branch matched". */
function nearestBranch(issue: Issue): Issue[] | undefined {
  if (issue.code !== "invalid_union") return undefined;
  const branches = issue.errors as Issue[][];
  const known = branches.filter(
    (branch) => !branch.some((inner) => inner.code === "unrecognized_keys"),
  );
  return known.length === 1 ? known[0] : undefined;
}

function describeIssue(
  issue: Issue,
  root: unknown,
  key: string,
  parents: readonly PropertyKey[],
): string[] {
  const path = [...parents, ...issue.path];
  const branch = nearestBranch(issue);
  if (branch) return branch.flatMap((inner) => describeIssue(inner, root, key, path));
  const at = `${key}${formatPath(path)}`;
  if (issue.code === "unrecognized_keys") {
    // The value stays out: a key in the wrong place may hold anything.
    return issue.keys.map(
      (name) => `${key}${formatPath([...path, name])}: unknown key; nothing reads it`,
    );
  }
  if (issue.code === "invalid_key") {
    const name = path[path.length - 1];
    return [
      `${key}${formatPath(path.slice(0, -1))}: the name ${showValue(name)}; allowed: ${issue.issues[0]?.message}`,
    ];
  }
  const given = valueAt(root, path);
  const allowed = /^Invalid input/.test(issue.message) ? "a map of its keys" : issue.message;
  return [
    given === undefined
      ? `${at}: missing; needed: ${allowed}`
      : `${at}: got ${showValue(given)}; allowed: ${allowed}`,
  ];
}

/** One line for each problem that zod found in `root`, the value of the configuration key `key`. */
export function problemsOf(error: z.ZodError, root: unknown, key: string): string[] {
  return error.issues.flatMap((issue) => describeIssue(issue, root, key, []));
}

/** Why a text with references to variables has no certain value; none of them repeats the text. */
export type InterpolationProblem =
  /** `$A` or `${A}`, where A is not set: Docker Compose puts nothing in its place, with a warning. */
  | "unset"
  /** `${A:?text}`, where A is not set or empty. */
  | "required"
  /** `${` without a name, an operator or an end that Docker Compose knows. */
  | "malformed";

/** What a variable is; undefined when it is not set. */
export type Lookup = (name: string) => string | undefined;

type Interpolated = { readonly value: string } | { readonly problem: InterpolationProblem };

const NAME = /^[A-Za-z_][A-Za-z0-9_]*/;
const OPERATOR = /^:?[-+?]/;

/**
 * Puts in the values of variables as Docker Compose does (compose-go, template/template.go): `$A`, `${A}`,
 * `${A:-b}`, `${A-b}`, `${A:+b}`, `${A+b}`, `${A:?text}`, `${A?text}`, nested in one another, and `$$`
 * for a dollar sign. A dollar sign before anything else stands for itself.
 */
export function interpolate(text: string, lookup: Lookup): Interpolated {
  let value = "";
  let rest = text;
  for (;;) {
    const dollar = rest.indexOf("$");
    if (dollar < 0) return { value: value + rest };
    value += rest.slice(0, dollar);
    rest = rest.slice(dollar + 1);
    const taken = takeReference(rest, lookup);
    if ("problem" in taken) return taken;
    value += taken.value;
    rest = rest.slice(taken.length);
  }
}

type Taken =
  | { readonly value: string; readonly length: number }
  | { readonly problem: InterpolationProblem };

/** The value of the reference that `text`, what follows a dollar sign, begins with, and its length. */
function takeReference(text: string, lookup: Lookup): Taken {
  if (text.startsWith("$")) return { value: "$", length: 1 };
  if (text.startsWith("{")) return takeBraced(text, lookup);
  const name = NAME.exec(text)?.[0];
  if (name === undefined) return { value: "$", length: 0 };
  const value = lookup(name);
  return value === undefined ? { problem: "unset" } : { value, length: name.length };
}

function takeBraced(text: string, lookup: Lookup): Taken {
  const end = closingBrace(text);
  const inner = text.slice(1, end);
  const name = NAME.exec(inner)?.[0] ?? "";
  const operator = OPERATOR.exec(inner.slice(name.length))?.[0] ?? "";
  const argument = inner.slice(name.length + operator.length);
  // Compose's pattern ends at a line break.
  const wellFormed = name !== "" && (operator !== "" || argument === "") && !inner.includes("\n");
  if (end < 0 || !wellFormed) return { problem: "malformed" };
  const resolved = resolve(lookup(name), operator, argument, lookup);
  return "problem" in resolved ? resolved : { value: resolved.value, length: end + 1 };
}

/** Far deeper than anybody nests, and far from the end of the stack. */
const MAX_DEPTH = 16;

/** Where the brace that `text` begins with is closed; -1 when it is not, or only after too many others. */
function closingBrace(text: string): number {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "{" && ++depth > MAX_DEPTH) return -1;
    if (text[at] === "}" && --depth === 0) return at;
  }
  return -1;
}

function resolve(
  given: string | undefined,
  operator: string,
  argument: string,
  lookup: Lookup,
): Interpolated {
  const isThere = given !== undefined && !(operator.startsWith(":") && given === "");
  switch (operator.at(-1)) {
    case "-":
      return isThere ? { value: given } : interpolate(argument, lookup);
    case "+":
      return isThere ? interpolate(argument, lookup) : { value: given ?? "" };
    case "?":
      return isThere ? { value: given } : { problem: "required" };
    default:
      return given === undefined ? { problem: "unset" } : { value: given };
  }
}

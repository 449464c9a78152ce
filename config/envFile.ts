import { ConfigError } from "./errors";
import { type InterpolationProblem, interpolate } from "./interpolation";
import { looksSecret } from "./problems";

/** One setting of an `.env` file. */
export interface EnvEntry {
  readonly name: string;
  readonly value: string;
  /** The line that it begins on, from 1. */
  readonly line: number;
}

/** White space within a line, as Compose counts it around names and before values. */
const BLANK = "[\\t\\v\\f\\r \\u0085\\u00a0]";
const ONE_BLANK = new RegExp(BLANK);
const BLANKS = new RegExp(`${BLANK}*`, "y");
/** What Go's unicode.IsSpace takes for white space: between settings and at the end of values. */
const WIDE_BLANK = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;
const BETWEEN_SETTINGS = new RegExp(`(?:${WIDE_BLANK.source}|#[^\\n]*)*`, "y");
const SETTING = new RegExp(`(?:export${BLANK}+)?([^=:\\n]*)([=:]?)`, "y");
const NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,127}$/;

/** The escapes of Compose's double quotes; `\$` becomes its `$$`, and any other stays as it is. */
const ESCAPES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  $: "$$",
  '"': '"',
  "\\": "\\",
};

const INTERPOLATION: Readonly<Record<InterpolationProblem, string>> = {
  unset:
    "refers to a variable that this file does not set above, for which Docker Compose would put in nothing; write a dollar sign as $$, or the whole value in single quotes",
  required: "refers to a variable that has to be set, and is not",
  malformed: "holds ${ without a name and an end; write a dollar sign as $$",
};

type Taken = { readonly value: string } | { readonly problem: string };

/**
 * Reads an `.env` file by the rules of Docker Compose (compose-go 2.16, dotenv/parser.go): `export`,
 * comments, both quotes with their escapes, values over several lines, and variables set further up.
 *
 * Where Compose guesses, or where its versions differ, the file is refused: a password that means one
 * thing here and meant another there would lock its user out. The variables of the shell, which
 * Compose looks at as well, count for nothing. Throws {@link ConfigError} with every problem as
 * `file:line: name: what`, and never with a value.
 */
export function parseEnvFile(bytes: Uint8Array, file: string): EnvEntry[] {
  return new EnvParser(decode(bytes, file), file).parse();
}

function decode(bytes: Uint8Array, file: string): string {
  let text: string;
  try {
    // Takes a byte order mark away, as Compose does.
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    // The decoder says no more than that it failed.
    throw new ConfigError([`${file}: is not UTF-8 text`]);
  }
  if (text.includes("\0")) throw new ConfigError([`${file}: holds a NUL character`]);
  return text;
}

class EnvParser {
  private readonly entries = new Map<string, EnvEntry>();
  private readonly problems: string[] = [];
  private at = 0;
  private line = 1;

  constructor(
    private readonly text: string,
    private readonly file: string,
  ) {}

  parse(): EnvEntry[] {
    for (;;) {
      this.take(BETWEEN_SETTINGS);
      if (this.at === this.text.length) break;
      this.takeSetting();
    }
    if (this.problems.length > 0) throw new ConfigError(this.problems);
    return [...this.entries.values()];
  }

  private takeSetting(): void {
    const { line } = this;
    const [, written = "", sign] = this.take(SETTING);
    const name = trimEnd(written, ONE_BLANK);
    const problem = sign === "" ? "has no =" : nameProblem(name);
    if (problem !== undefined) {
      this.report(line, problem);
      this.moveTo(this.lineEnd);
      return;
    }
    this.take(BLANKS);
    const isQuoted = /["']/.test(this.text.charAt(this.at));
    this.keep(name, line, isQuoted ? this.takeQuoted() : this.takePlain());
  }

  private keep(name: string, line: number, taken: Taken): void {
    const earlier = this.entries.get(name);
    if ("problem" in taken) this.report(line, `${shownName(name)}: ${taken.problem}`);
    else if (earlier === undefined) this.entries.set(name, { name, value: taken.value, line });
    else this.report(line, `${shownName(name)}: stands in line ${earlier.line}, too`);
  }

  private takePlain(): Taken {
    const written = this.text.slice(this.at, this.lineEnd);
    this.moveTo(this.lineEnd);
    if (written.startsWith("#")) {
      return {
        problem:
          "begins with #, which versions of Docker Compose read differently; put it in quotes",
      };
    }
    const [value = ""] = written.split(" #", 1);
    return this.interpolated(trimEnd(value, WIDE_BLANK));
  }

  private takeQuoted(): Taken {
    const quote = this.text.charAt(this.at);
    const quoted = readQuoted(this.text, this.at);
    // Of an open quote's text nobody can say what belongs to the value: reading ends there.
    this.moveTo(quoted?.end ?? this.text.length);
    if (quoted === undefined) return { problem: `its quote ${quote} is not closed` };
    this.take(BLANKS);
    const follows = /[^\n#]/.test(this.text.charAt(this.at));
    this.moveTo(this.lineEnd);
    if (follows) return { problem: "something follows its closing quote" };
    if (quote === "'") return { value: quoted.content };
    const unescaped = expandEscapes(quoted.content);
    return "problem" in unescaped ? unescaped : this.interpolated(unescaped.value);
  }

  private interpolated(text: string): Taken {
    const result = interpolate(text, (name) => this.entries.get(name)?.value);
    return "problem" in result ? { problem: INTERPOLATION[result.problem] } : result;
  }

  private report(line: number, problem: string): void {
    this.problems.push(`${this.file}:${line}: ${problem}`);
  }

  /** Moves over what `pattern`, a sticky one, matches here. */
  private take(pattern: RegExp): RegExpExecArray {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text) as RegExpExecArray;
    this.moveTo(this.at + match[0].length);
    return match;
  }

  private moveTo(offset: number): void {
    this.line += this.text.slice(this.at, offset).split("\n").length - 1;
    this.at = offset;
  }

  private get lineEnd(): number {
    const end = this.text.indexOf("\n", this.at);
    return end < 0 ? this.text.length : end;
  }
}

function nameProblem(name: string): string | undefined {
  if (name === "") return "has no name before the =";
  if (NAME.test(name) && !looksSecret(name)) return undefined;
  return "has no name of letters, digits, _, . and - before the =";
}

/** A name as messages may show it: a stray line of a key in base64 looks like a name, too. */
export function shownName(name: string): string {
  return /^([A-Z_][A-Z0-9_]*|[a-z_][a-z0-9_.-]*)$/.test(name) && name.length <= 64
    ? name
    : "a name that does not look like one (not shown)";
}

/** What stands between the quotes from `begin` on, with escaped quotes only made plain; and where it ends. */
function readQuoted(
  text: string,
  begin: number,
): { readonly content: string; readonly end: number } | undefined {
  const quote = text.charAt(begin);
  let content = "";
  for (let at = begin + 1; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === quote) return { content, end: at + 1 };
    if (char !== "\\") content += char;
    else if (text.charAt(++at) === quote) content += quote;
    else content += `\\${text.charAt(at)}`;
  }
  return undefined;
}

/** The escapes of double quotes. Octal ones are refused: what Compose makes of them depends on its length. */
function expandEscapes(content: string): Taken {
  let octal = false;
  const value = content.replace(/\\([0abfnrtv$"\\])/g, (written, char: string) => {
    octal ||= char === "0";
    return ESCAPES[char] ?? written;
  });
  return octal ? { problem: "holds an octal escape (\\0)" } : { value };
}

/** Not a pattern with `+$`, which takes quadratic time over long runs of blanks. */
function trimEnd(text: string, blank: RegExp): string {
  let end = text.length;
  while (end > 0 && blank.test(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

/** One bad stack file: what only YAML can express, and the whole message. */
export interface BadStackFile {
  readonly given: string;
  readonly text: string;
  readonly problems: readonly string[];
}

const FILE = "Pulumi.dev.yaml";
const NUMBER =
  "write it as a plain decimal number, or in quotes when text is meant (YAML parsers disagree on it)";
const WORD = "write true or false, or put it in quotes when text is meant";
const PORT = "a TCP port from 1024 to 65535";

/** A good file whose port is written in another way. */
function port(written: string): string {
  return [
    "config:",
    "  doom-coding:environment:",
    "    schemaVersion: 1",
    "    resources: { cpus: 0.5, memory: 512MiB, storage: 2GiB }",
    `    access: { tier: local, port: ${written} }`,
    "    network: { cidr: 10.87.0.0/24 }",
    "    logLevel: debug",
    "    image: { version: 4.139.1 }",
    "",
  ].join("\n");
}

export const goodStackFile = port("8443");

/** A value of the wrong kind passes the file's syntax and fails the check of the environment. */
function refused(given: string, written: string, shown: string): BadStackFile {
  return {
    given,
    text: port(written),
    problems: [`doom-coding:environment.access.port: got ${shown}; allowed: ${PORT}`],
  };
}

function ambiguous(given: string, written: string, advice = NUMBER): BadStackFile {
  return { given, text: port(written), problems: [`${FILE}:5:34: ${written}: ${advice}`] };
}

export const badStackFiles: readonly BadStackFile[] = [
  ambiguous("an octal port", "010"),
  ambiguous("a hexadecimal port", "0x20FB"),
  ambiguous("a binary port", "0b10000"),
  ambiguous("a port with underscores", "8_443"),
  ambiguous("no", "no", WORD),
  ambiguous("Yes", "Yes", WORD),
  refused("NaN", ".nan", "NaN (number)"),
  refused("infinity", ".inf", "Infinity (number)"),
  refused("a port with a fraction", "8443.5", "8443.5 (number)"),
  refused("a port in quotes", '"8443"', '"8443"'),
  refused("a port in base 60", "140:43", '"140:43"'),
  refused("a tilde, which is null", "~", "null"),
  refused("nothing at all, which is null", "", "null"),
  {
    given: "a key twice",
    text: goodStackFile.replace("logLevel: debug", "logLevel: debug\n    logLevel: info"),
    problems: [`${FILE}:8:5: the key stands twice; only one can count`],
  },
  {
    given: "the environment twice",
    text: `${goodStackFile}  doom-coding:environment: {}\n`,
    problems: [`${FILE}:9:3: the key stands twice; only one can count`],
  },
  {
    given: "a tab",
    text: "config:\n\tdoom-coding:environment: {}\n",
    problems: [`${FILE}:2:1: a tab in the indentation; use spaces`],
  },
  {
    given: "a byte order mark",
    text: `\ufeff${goodStackFile}`,
    problems: [`${FILE}:1:1: begins with a byte order mark; save it as UTF-8 without one`],
  },
];

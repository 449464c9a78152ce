import { secretIn, secretInSetting } from "./rules/secretShapes";

/** What a container has printed, as it may be shown to people and kept in records. */

const LINE_CHARACTERS = 300;
const HIDDEN = "(a line that looks like a secret, not shown)";

/** Escape sequences of terminals, and what else is no text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const CONTROL = /\u001b\[[0-9;?]*[ -/]*[@-~]|[\u0000-\u0008\u000b-\u001f\u007f]/g;

/**
 * The last `count` lines of a log, each shortened to 300 characters.
 *
 * A line that holds one of `secrets` in a usual spelling, or looks like a secret of another kind, is left out
 * and counted as one that is not shown.
 */
export function showableLines(log: string, secrets: readonly string[], count: number): string[] {
  const spellings = secrets.flatMap(spellingsOf);
  return log
    .split("\n")
    .map((line) => line.replace(CONTROL, "").trimEnd())
    .filter((line) => line !== "")
    .slice(-count)
    .map((line) => {
      if (spellings.some((spelling) => line.includes(spelling)) || looksSecret(line)) return HIDDEN;
      return line.length > LINE_CHARACTERS ? `${line.slice(0, LINE_CHARACTERS)}…` : line;
    });
}

function spellingsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    bytes.toString("base64").replace(/=+$/, ""),
    bytes.toString("hex"),
  ];
}

function looksSecret(line: string): boolean {
  if (secretIn(line) !== undefined) return true;
  return [...line.matchAll(/([\w.-]+)["']?\s*[=:]\s*["']?([^\s"']+)/g)].some(
    ([, name = "", value = ""]) => secretInSetting(name, value) !== undefined,
  );
}

/** Turns what the engine and its plugins report into messages for people. */

/** Colour marks that the engine leaves in texts: `<{%fg 1%}>`, `<{%reset%}>`. */
const COLOUR_MARK = /<\{%[^%]*%\}>/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: terminal control sequences begin with one
const CONTROL_SEQUENCE = /\u001b\[[0-9;]*[A-Za-z]/g;
/** Where in the provider's source it was logged, and by which one. */
const PROVIDER_PREFIX = /^\s*sdk-v2\/\S+?: sdk\.helper_schema: /;
const PROVIDER_SUFFIX = /: provider=[\w-]+@[\w.+-]+$/;
const ERROR_COUNT = /^\d+ errors? occurred:$/;
const STACK_FRAME = /^\s+at .*(:\d+:\d+\)?|<anonymous>\)?|node:internal.*)$/;
const PROGRAM_HEADER = /^Running program '.*' failed with an unhandled exception:$/;
/** What the engine says of its own failure adds nothing to what failed. */
const EMPTY_SUMMARIES = new Set([
  "update failed",
  "preview failed",
  "destroy failed",
  "refresh failed",
  "update canceled",
  "preview canceled",
  "resource creation failed",
]);

/**
 * The messages within one diagnostic: without marks, stack traces, log prefixes and empty phrases.
 *
 * A list (`2 errors occurred: * a * b`) gives one message each; other lines stay together.
 */
export function cleanDiagnostic(text: string): string[] {
  const lines = text
    .replace(COLOUR_MARK, "")
    .replace(CONTROL_SEQUENCE, "")
    .split(/\r?\n/)
    .filter((line) => !STACK_FRAME.test(line))
    .map((line) => line.replace(PROVIDER_PREFIX, "").replace(PROVIDER_SUFFIX, ""))
    .map((line) => line.replace(/^(error|Error): /, "").trimEnd())
    .filter((line) => !ERROR_COUNT.test(line.trim()) && !PROGRAM_HEADER.test(line.trim()));
  return joinMessages(lines).filter((message) => !EMPTY_SUMMARIES.has(message));
}

/** A bullet or a blank line begins another message; indented lines continue the one before. */
function joinMessages(lines: readonly string[]): string[] {
  const messages: string[][] = [];
  let current: string[] | undefined;
  for (const line of lines) {
    const bullet = /^\s*\* (.*)$/.exec(line);
    if (line.trim() === "") {
      current = undefined;
    } else if (bullet || !current) {
      current = [bullet ? (bullet[1] as string) : line.trim()];
      messages.push(current);
    } else {
      current.push(line);
    }
  }
  return messages.map((message) => message.join("\n"));
}

/** Appends `message` unless it, or one that says the same and more, is there already. */
export function addMessage(messages: readonly string[], message: string): string[] {
  if (messages.some((known) => known.includes(message))) return [...messages];
  return [...messages.filter((known) => !message.includes(known)), message];
}

/**
 * The engine's own complaints on standard error, for runs that end before the first event.
 */
export function engineComplaints(stderr: string): string[] {
  return stderr
    .split(/\n(?=error: )/)
    .filter((part) => /^\s*error: /.test(part))
    .flatMap(cleanDiagnostic);
}

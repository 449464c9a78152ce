/** A setting to be added to an `.env` file, in letters that need no quotes. */
export interface EnvAddition {
  readonly name: string;
  readonly value: string;
  readonly reason: string;
}

const NEEDS_QUOTES = /[^A-Za-z0-9_./:=@%+,-]/;

/**
 * An `.env` file with more settings at its end, each under its reason; what stands there stays as it is.
 *
 * The file's own line ends are used. Throws when a value would need quotes: none of ours does.
 */
export function addToEnvFile(text: string, additions: readonly EnvAddition[]): string {
  if (additions.length === 0) return text;
  const lineEnd = text.includes("\r\n") ? "\r\n" : "\n";
  const lines = additions.flatMap(({ name, value, reason }) => {
    if (NEEDS_QUOTES.test(value)) throw new Error(`the value for ${name} needs quotes`);
    return ["", `# ${reason}`, `${name}=${value}`];
  });
  const closed = text === "" || text.endsWith("\n") ? text : `${text}${lineEnd}`;
  return `${closed}${lines.join(lineEnd)}${lineEnd}`;
}

import type { CommandContext } from "./engineRun";
import type { Outcome } from "./output";

/** How `doom` runs a command: with a display, and with its outcome or failure printed. */
export type Perform = (
  name: string,
  stack: string | undefined,
  options: { readonly json?: boolean },
  work: (context: CommandContext) => Promise<Outcome>,
) => Promise<void>;

/** What `--json` gives, of every command. */
export const JSON_HELP = "one JSON document on standard output";

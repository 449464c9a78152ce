import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { withSection } from "../checks/markedSection";
import {
  SUPPORT,
  type SupportedPart,
  type SupportedVersion,
  type SupportTable,
} from "../checks/supportTable";

/** The table in docs/versions.md, made from the support table. */

const MARKS = { start: "<!-- versions: made by `npm run versions` -->", end: "<!-- /versions -->" };

/** Versions that share what they need, as one text each: `4.133.0, 4.134.0`. */
function grouped(
  { versions }: SupportedPart,
  describe: (row: SupportedVersion) => string,
): [string, string[]][] {
  const groups = new Map<string, string[]>();
  for (const row of versions) {
    const key = describe(row);
    groups.set(key, [...(groups.get(key) ?? []), `\`${row.version}\``]);
  }
  return [...groups];
}

function needsOf({ with: needs = {}, from }: SupportedVersion, table: SupportTable): string {
  const others = Object.entries(needs).map(
    ([part, range]) => `${table[part as keyof SupportTable].title} \`${range}\``,
  );
  return [...others, ...(from === undefined ? [] : [`follows \`${from}\``])].join(", ");
}

/** The table as Markdown: a row for the versions of each part that need the same. */
export function versionTable(table: SupportTable = SUPPORT): string {
  const rows = Object.values(table).flatMap((part) =>
    grouped(part, (row) => needsOf(row, table)).map(([needs, versions]) =>
      [part.title, versions.join(", "), needs, part.chosenIn].join(" | "),
    ),
  );
  return [
    "| Part | Versions that work | Only with | Chosen in |",
    "|---|---|---|---|",
    ...rows.map((row) => `| ${row} |`.replace("|  |", "| |")),
  ].join("\n");
}

/** `document` with the current table between its two marks. Throws an Error when it lacks them. */
export function withVersionTable(document: string): string {
  return withSection(document, MARKS, versionTable());
}

if (require.main === module) {
  const file = path.resolve("docs/versions.md");
  writeFileSync(file, withVersionTable(readFileSync(file, "utf8")));
}

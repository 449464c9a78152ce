import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { FIXTURES } from "./fixtures";
import type { Fixtures } from "./fixtures/fixture";
import { RULES } from "./rules";
import { ENVIRONMENT_LEVELS, type Rule } from "./rules/rule";

/** The table of rules in docs/security.md, made from the rules and their fixtures. */

const START = "<!-- rules: made by `npm run rules` -->";
const END = "<!-- /rules -->";

function row(rule: Rule): string {
  const levels = ENVIRONMENT_LEVELS.map((level) =>
    rule.levels[level] === "mandatory" ? "M" : "A",
  );
  const { compliant, violating, unknown } = FIXTURES[rule.name] as Fixtures;
  const counts = [compliant, violating, unknown].map((cases) => Object.keys(cases).length);
  const cells = [
    `\`${rule.name}\``,
    rule.description,
    rule.sources.join(", "),
    levels.join(" "),
    counts.join(" / "),
  ];
  return `| ${cells.join(" | ")} |`;
}

/** The table as Markdown. */
export function ruleTable(): string {
  return [
    "| Rule | What has to hold | Source | dev staging prod | Fixtures: kept / broken / unknown |",
    "|---|---|---|---|---|",
    ...RULES.map(row),
  ].join("\n");
}

/** `document` with the current table between its two marks. Throws when it lacks them. */
export function withRuleTable(document: string): string {
  const start = document.indexOf(START);
  const end = document.indexOf(END);
  if (start < 0 || end < start) throw new Error(`no ${START} … ${END} in the document`);
  return `${document.slice(0, start)}${START}\n${ruleTable()}\n${document.slice(end)}`;
}

if (require.main === module) {
  const file = path.resolve("docs/security.md");
  writeFileSync(file, withRuleTable(readFileSync(file, "utf8")));
}

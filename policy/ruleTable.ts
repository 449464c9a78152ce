import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { withSection } from "../checks/markedSection";
import { FIXTURES } from "./fixtures";
import type { Fixtures } from "./fixtures/fixture";
import { RULES } from "./rules";
import { ENVIRONMENT_LEVELS, type Rule } from "./rules/rule";

/** The table of rules in docs/security.md, made from the rules and their fixtures. */

const MARKS = { start: "<!-- rules: made by `npm run rules` -->", end: "<!-- /rules -->" };

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
  return withSection(document, MARKS, ruleTable());
}

if (require.main === module) {
  const file = path.resolve("docs/security.md");
  writeFileSync(file, withRuleTable(readFileSync(file, "utf8")));
}

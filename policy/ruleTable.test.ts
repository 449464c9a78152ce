import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { RULES } from "./rules";
import { withRuleTable } from "./ruleTable";

const document = readFileSync(path.resolve(__dirname, "../docs/security.md"), "utf8");

test("the table in docs/security.md is current: `npm run rules` writes it", () => {
  expect(withRuleTable(document)).toBe(document);
});

test("a table that lacks a rule is not current", () => {
  const name = (RULES[0] as { name: string }).name;
  const stale = document
    .split("\n")
    .filter((line) => !line.startsWith(`| \`${name}\``))
    .join("\n");
  expect(stale).not.toBe(document);
  expect(withRuleTable(stale)).not.toBe(stale);
});

test("a document without the marks is refused", () => {
  expect(() => withRuleTable("# Security")).toThrow("no <!-- rules");
});

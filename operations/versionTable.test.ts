import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { SUPPORT } from "../checks/supportTable";
import { versionTable, withVersionTable } from "./versionTable";

const document = readFileSync(path.resolve(__dirname, "../docs/versions.md"), "utf8");

test("the table in docs/versions.md is current: `npm run versions` writes it", () => {
  expect(withVersionTable(document)).toBe(document);
});

test("a table that lacks a version is not current", () => {
  const stale = document.replace("`4.139.1`", "");
  expect(stale).not.toBe(document);
  expect(withVersionTable(stale)).not.toBe(stale);
});

test("a document without the marks is refused", () => {
  expect(() => withVersionTable("# Versions")).toThrow("no <!-- versions");
});

test("versions of a part with the same needs share a row", () => {
  const table = {
    ...SUPPORT,
    "code-server": {
      ...SUPPORT["code-server"],
      versions: [
        { version: "1.0.0" },
        { version: "1.1.0" },
        { version: "2.0.0", from: ">=1.1.0", with: { schema: "1" } },
      ],
    },
  };
  const rows = versionTable(table)
    .split("\n")
    .filter((line) => line.startsWith("| code-server |"));
  expect(rows).toEqual([
    "| code-server | `1.0.0`, `1.1.0` | | `image.version` in `Pulumi.<stack>.yaml` |",
    "| code-server | `2.0.0` | configuration schema `1`, follows `>=1.1.0` | `image.version` in `Pulumi.<stack>.yaml` |",
  ]);
});

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { renderStackFileSchema, STACK_SCHEMA_FILE, stackFileSchema } from "./jsonSchema";

test("the committed JSON Schema is the one that the zod schema generates (npm run schema)", () => {
  expect(readFileSync(STACK_SCHEMA_FILE, "utf8")).toBe(renderStackFileSchema());
});

describe("an editor that follows the schema", () => {
  interface Node {
    readonly type?: string;
    readonly description?: string;
    readonly additionalProperties?: unknown;
    readonly properties?: Record<string, Node>;
    readonly oneOf?: Node[];
    readonly anyOf?: Node[];
    readonly items?: Node;
  }

  /** Every part of the schema with its path. */
  function parts(node: Node, path: string): [string, Node][] {
    const inner: [string, Node][] = [
      ...Object.entries(node.properties ?? {}),
      ...[...(node.oneOf ?? []), ...(node.anyOf ?? [])].map((branch, position): [string, Node] => [
        `(${position})`,
        branch,
      ]),
      ...(node.items ? [["[]", node.items] as [string, Node]] : []),
    ];
    return [[path, node], ...inner.flatMap(([name, child]) => parts(child, `${path}/${name}`))];
  }

  const { config } = (stackFileSchema() as Node).properties as Record<string, Node>;
  const environment = (config as Node).properties?.["doom-coding:environment"] as Node;
  const all = parts(environment, "");

  test("marks a key that nothing reads, in every section", () => {
    const sections = all.filter(([, node]) => node.properties);
    expect(sections.length).toBeGreaterThan(10);
    expect(sections.filter(([, node]) => node.additionalProperties !== false)).toEqual([]);
  });

  test("says of every value what it allows", () => {
    const values = all.filter(([, node]) => !node.properties && !node.oneOf && !node.anyOf);
    expect(values.length).toBeGreaterThan(20);
    const silent = values.filter(([, node]) => !node.description).map(([path]) => path);
    expect(silent).toEqual([]);
  });
});

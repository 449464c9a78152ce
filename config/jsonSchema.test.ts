import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { renderStackFileSchema, STACK_SCHEMA_FILE } from "./jsonSchema";

test("the committed JSON Schema is the one that the zod schema generates (npm run schema)", () => {
  expect(readFileSync(STACK_SCHEMA_FILE, "utf8")).toBe(renderStackFileSchema());
});

import { expect, test } from "vitest";
import { flatten, unflatten } from "./flatSettings";

test.each([
  ["sections", { a: 1, b: { c: "x", d: { e: null } } }, { a: 1, "b.c": "x", "b.d.e": null }],
  ["lists, which are values", { a: [{ b: 1 }] }, { a: [{ b: 1 }] }],
  ["empty maps, which are values", { a: {}, b: { c: {} } }, { a: {}, "b.c": {} }],
  [
    "a map whose keys look like paths, which is a value",
    { a: { "b.c": 1, d: 2 } },
    { a: { "b.c": 1, d: 2 } },
  ],
  ["nothing", {}, {}],
])("takes %s apart and puts them together again", (_title, nested, flat) => {
  expect(Object.fromEntries(flatten(nested))).toEqual(flat);
  expect(unflatten(flatten(nested))).toEqual(nested);
});

test("a key named __proto__ stays a key", () => {
  const nested = JSON.parse('{"__proto__":{"a":1},"b":2}');
  expect(JSON.stringify(unflatten(flatten(nested)))).toBe('{"__proto__":{"a":1},"b":2}');
  expect(({} as { a?: number }).a).toBeUndefined();
});

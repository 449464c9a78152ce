import { describe, expect, test } from "vitest";
import { promotedSettings, settingChanges, TRAVEL, travelOf, withPromoted } from "./promotion";
import { environmentSchema } from "./schema";

const IMAGE = `sha256:${"a".repeat(64)}`;

describe("every key of the schema", () => {
  test("says whether it travels, and no other does", () => {
    const keys = Object.keys(environmentSchema.shape).sort();
    const declared = Object.keys(TRAVEL).filter((path) => !path.includes("."));
    expect(declared.sort()).toEqual(keys);
  });

  test("goes with the nearest path above it", () => {
    expect(
      ["claude.enabled", "claude.version", "variables.A", "access.port"].map(travelOf),
    ).toEqual(["per-environment", "promoted", "promoted", "per-environment"]);
  });

  test("that is not declared is an error", () => {
    expect(() => travelOf("colour.sky")).toThrow("colour.sky");
  });
});

describe("a promotion", () => {
  const source = new Map<string, unknown>([
    ["image.version", "4.139.1"],
    ["variables.GREETING", "hello"],
    ["access.port", 8443],
  ]);
  const target = new Map<string, unknown>([
    ["image.version", "4.133.0"],
    ["variables.OLD", "gone"],
    ["access.port", 8444],
    ["promotion.from", "dev"],
  ]);

  test("names the image by its content and leaves what is each environment's own", () => {
    const after = withPromoted(target, promotedSettings(source, IMAGE));
    expect(Object.fromEntries(after)).toEqual({
      "image.reference": IMAGE,
      "variables.GREETING": "hello",
      "access.port": 8444,
      "promotion.from": "dev",
    });
  });

  test("shows each setting that it changes, adds or removes, and no other", () => {
    const after = withPromoted(target, promotedSettings(source, IMAGE));
    expect(settingChanges(target, after)).toEqual([
      { path: "image.reference", from: undefined, to: IMAGE },
      { path: "image.version", from: "4.133.0", to: undefined },
      { path: "variables.GREETING", from: undefined, to: "hello" },
      { path: "variables.OLD", from: "gone", to: undefined },
    ]);
  });
});

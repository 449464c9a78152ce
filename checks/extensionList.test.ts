import { describe, expect, test } from "vitest";
import { EXTENSION, extensionDifferences, installedExtensions } from "./extensionList";

const entry = (id: string, version: string, relativeLocation = `${id}-${version}`) => ({
  identifier: { id, uuid: "x" },
  version,
  relativeLocation,
  location: { path: `/config/extensions/${relativeLocation}` },
});
const manifest = (publisher: string, name: string, version: string) =>
  JSON.stringify({ publisher, name, version, engines: {} });

/** The folder of two extensions, with changes. */
function folder(manifests: Record<string, string> = {}, list: unknown = undefined) {
  return {
    list: JSON.stringify(list ?? [entry("acme.two", "2.0.0"), entry("acme.one", "1.0.0")]),
    manifests: new Map(
      Object.entries({
        "acme.one-1.0.0": manifest("Acme", "One", "1.0.0"),
        "acme.two-2.0.0": manifest("acme", "two", "2.0.0"),
        ...manifests,
      }),
    ),
  };
}

describe("what is installed", () => {
  test("is in the list and in its folder", () => {
    expect(installedExtensions(folder())).toEqual({
      installed: ["acme.one@1.0.0", "acme.two@2.0.0"],
      damaged: [],
    });
  });

  test("is nothing before the first start, whatever folders there are", () => {
    const { manifests } = folder();
    expect(installedExtensions({ list: "", manifests })).toEqual({ installed: [], damaged: [] });
  });

  test.each([
    ["of another version", manifest("acme", "one", "1.0.1")],
    ["of another extension", manifest("acme", "other", "1.0.0")],
    ["of nothing", "{}"],
    ["cut off", '{"publisher": "ac'],
    ["that says null", "null"],
  ])("is not what has a manifest %s", (_title, text) => {
    expect(installedExtensions(folder({ "acme.one-1.0.0": text }))).toEqual({
      installed: ["acme.two@2.0.0"],
      damaged: ["acme.one@1.0.0"],
    });
  });

  test("is not what has no folder", () => {
    const list = [entry("acme.one", "1.0.0", "gone")];
    expect(installedExtensions(folder({}, list)).damaged).toEqual(["acme.one@1.0.0"]);
  });

  test.each(["{", "{}", '[{"version": "1.0.0"}]', "[null]", "null"])(
    "cannot be read from the list %s",
    (list) => {
      expect(() => installedExtensions({ list, manifests: new Map() })).toThrow(
        "extensions.json is not a list of VS Code's",
      );
    },
  );
});

describe("two lists", () => {
  test("are equal whatever their order and case", () => {
    expect(extensionDifferences(["b.b@1.0.0", "A.a@1.0.0"], ["a.a@1.0.0", "b.b@1.0.0"])).toEqual(
      [],
    );
  });

  test("differ by what is missing, new or of another version", () => {
    const found = ["a.a@1.0.0", "b.b@2.0.0", "c.c@1.0.0"];
    expect(extensionDifferences(["a.a@1.0.0", "b.b@1.0.0", "d.d@1.0.0"], found)).toEqual([
      "missing: b.b@1.0.0",
      "missing: d.d@1.0.0",
      "unexpected: b.b@2.0.0",
      "unexpected: c.c@1.0.0",
    ]);
  });
});

test.each([
  ["ms-python.python@2026.4.0", true],
  ["Acme.one@1.0.0-rc.1", true],
  ["acme.one", false],
  ["acme.one@latest", false],
  ["acme@1.0.0", false],
  ["../acme.one@1.0.0", false],
])("%s is an extension with its version: %s", (text, is) => {
  expect(EXTENSION.test(text)).toBe(is);
});

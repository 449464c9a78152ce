import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

describe("route to an engine", async () => {
  const { chooseRoute, isDueToAsk, judgeGo, readNeededGo, readRequiredRange } = await import(
    "./engineRoute.mjs"
  );
  const requiredRange = ">=3.248.0 <4.0.0";
  const nothing = {
    onPath: undefined,
    requiredRange,
    installed: "absent",
    download: undefined,
  } as const;

  test("a fitting pulumi on PATH comes first, whatever else is there", () => {
    const onPath = { file: "/usr/bin/pulumi", version: "3.300.1" };
    expect(chooseRoute({ ...nothing, onPath, installed: "official" })).toEqual({
      route: "path",
      refused: {},
    });
  });

  test.each([
    [undefined, "no pulumi on PATH"],
    [
      { file: "/usr/bin/pulumi", version: "3.100.0" },
      `/usr/bin/pulumi is 3.100.0, ${requiredRange} is required`,
    ],
    [
      { file: "/usr/bin/pulumi", version: "4.0.0" },
      `/usr/bin/pulumi is 4.0.0, ${requiredRange} is required`,
    ],
    [
      { file: "/usr/bin/pulumi", version: undefined, problem: "bad ELF" },
      "/usr/bin/pulumi does not tell its version: bad ELF",
    ],
  ])("without one that fits, the launcher: %j", (onPath, reason) => {
    const download = { ok: true, reason: "" };
    const expected = { route: "launcher", refused: { path: reason } };
    expect(chooseRoute({ ...nothing, onPath, download })).toEqual(expected);
    expect(chooseRoute({ ...nothing, onPath, installed: "official" })).toEqual(expected);
  });

  test("a host that refuses leaves building; the reasons of both are kept", () => {
    const download = { ok: false, reason: "fetch failed" };
    const expected = {
      route: "built",
      refused: { path: "no pulumi on PATH", launcher: "fetch failed" },
    };
    expect(chooseRoute({ ...nothing, download })).toEqual(expected);
    expect(chooseRoute({ ...nothing, installed: "built", download })).toEqual(expected);
  });

  test("built parts make way as soon as the host answers", () => {
    const download = { ok: true, reason: "" };
    expect(chooseRoute({ ...nothing, installed: "built", download }).route).toBe("launcher");
  });

  test("hosts are asked at most once a day, or when told to", () => {
    const now = Date.parse("2026-05-02T12:00:00Z");
    const at = (askedAt: string | undefined, refresh = false) =>
      isDueToAsk({ refresh, askedAt, now });
    expect(at(undefined)).toBe(true);
    expect(at("2026-05-02T11:59:00Z")).toBe(false);
    expect(at("2026-05-01T12:00:01Z")).toBe(false);
    expect(at("2026-05-01T11:59:59Z")).toBe(true);
    expect(at("2026-05-02T11:59:00Z", true)).toBe(true);
    expect(at("2026-05-03T12:00:00Z")).toBe(true);
    expect(at("rubbish")).toBe(true);
  });

  test.each([
    ['requiredPulumiVersion: ">=3.0.0 <4.0.0"\n', ">=3.0.0 <4.0.0"],
    ["name: x\nrequiredPulumiVersion: '>=3.0.0'\n", ">=3.0.0"],
    ["requiredPulumiVersion: 3.1.0 # why\n", "3.1.0"],
  ])("the required range is read from %j", (text, range) => {
    expect(readRequiredRange(text)).toBe(range);
  });

  test("this project's own range is readable, and the pinned CLI lies in it", () => {
    const root = join(__dirname, "..");
    const range = readRequiredRange(readFileSync(join(root, "Pulumi.yaml"), "utf8"));
    const { pulumi } = JSON.parse(readFileSync(join(root, "toolchain/versions.json"), "utf8"));
    const onPath = { file: "pulumi", version: pulumi };
    expect(chooseRoute({ ...nothing, onPath, requiredRange: range }).route).toBe("path");
  });

  test("no required version is an error", () => {
    expect(() => readRequiredRange("name: x\n")).toThrow("names no requiredPulumiVersion");
  });

  test.each([
    ["1.26.8", { toolchain: "local", reason: "" }],
    ["1.25.11", { toolchain: "local", reason: "" }],
    ["1.25.10", { toolchain: "go1.26.9", reason: "" }],
    ["1.21.0", { toolchain: "go1.26.9", reason: "" }],
    ["1.19.8", { toolchain: undefined, reason: "1.19.8 is older than 1.21" }],
    [undefined, { toolchain: undefined, reason: "no go on PATH" }],
  ])("Go %s: the parts are built with %j", (found, expected) => {
    expect(judgeGo({ found, needed: "1.25.11", pinned: "go1.26.9" })).toEqual(expected);
  });

  test("the newest Go that a module asks for is needed", () => {
    expect(readNeededGo(["module a\n\ngo 1.9\n", "go 1.25.11\nrequire x v1\n"])).toBe("1.25.11");
    expect(() => readNeededGo(["module a\n"])).toThrow("names no Go version");
  });
});

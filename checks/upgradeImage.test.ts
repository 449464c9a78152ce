import { describe, expect, it } from "vitest";
import {
  type ImageFacts,
  type InspectedImage,
  imageArchitecture,
  imageFacts,
  upgradeProblems,
} from "./upgradeImage";

const inspected = (changes: Partial<InspectedImage["Config"]> = {}): InspectedImage => ({
  Id: `sha256:${"a".repeat(64)}`,
  Architecture: "amd64",
  Config: {
    Labels: { "org.opencontainers.image.version": "4.139.1" },
    Healthcheck: { Test: ["CMD", "/usr/local/bin/healthcheck"] },
    ...changes,
  },
});

describe("imageFacts", () => {
  it.each<[string, Partial<InspectedImage["Config"]>, Partial<ImageFacts>]>([
    ["ours", {}, { version: "4.139.1", hasHealthCheck: true }],
    ["no labels", { Labels: null }, { version: undefined }],
    [
      "an empty version",
      { Labels: { "org.opencontainers.image.version": "" } },
      { version: undefined },
    ],
    [
      "one of linuxserver.io, which has no health check of its own",
      {
        Labels: { build_version: "Linuxserver.io version:- 4.133.0-ls252 Build-date:- 2026-01-01" },
        Healthcheck: null,
      },
      { version: "4.133.0", hasHealthCheck: true },
    ],
    ["without a health check", { Healthcheck: null }, { hasHealthCheck: false }],
    ["with one turned off", { Healthcheck: { Test: ["NONE"] } }, { hasHealthCheck: false }],
    ["with an empty one", { Healthcheck: { Test: [] } }, { hasHealthCheck: false }],
  ])("reads %s", (_, changes, expected) => {
    expect(imageFacts(inspected(changes))).toMatchObject(expected);
  });
});

describe("upgradeProblems", () => {
  const host = { architecture: "x86_64", apiVersion: "1.41" };
  const to = imageFacts(inspected());
  const problems = (
    changes: Partial<ImageFacts>,
    from: { version: string | undefined } = { version: "4.133.0" },
  ) => upgradeProblems({ part: "code-server", from, to: { ...to, ...changes }, host });

  it("has none for a newer version, and for the same one built anew", () => {
    expect(problems({})).toEqual([]);
    expect(problems({}, { version: "4.139.1" })).toEqual([]);
  });

  it.each<[string, Partial<ImageFacts>, string]>([
    [
      "another architecture",
      { architecture: "arm64" },
      "is for arm64, and this Docker host is amd64",
    ],
    ["no health check", { hasHealthCheck: false }, "has no health check"],
    ["no version", { version: undefined }, "the new image says nothing of its version"],
    ["an unknown version", { version: "4.1.0" }, "4.1.0 is not supported"],
  ])("names %s", (_, changes, expected) => {
    expect(problems(changes)).toEqual([expect.stringContaining(expected)]);
  });

  it("refuses an older version, and what runs without one", () => {
    expect(problems({ version: "4.133.0" }, { version: "4.139.1" })).toEqual([
      expect.stringContaining("is older than 4.139.1"),
    ]);
    expect(problems({}, { version: undefined })).toEqual([
      expect.stringContaining("the running image says nothing of its version"),
    ]);
  });

  it("knows machines by either name", () => {
    expect(["x86_64", "aarch64", "amd64"].map(imageArchitecture)).toEqual([
      "amd64",
      "arm64",
      "amd64",
    ]);
  });

  it("names everything at once", () => {
    expect(problems({ architecture: "arm64", hasHealthCheck: false, version: "1" })).toHaveLength(
      3,
    );
  });
});

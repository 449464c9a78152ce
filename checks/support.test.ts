import { describe, expect, test } from "vitest";
import { judgeStep, nearestVersion, supportedVersions, supportProblems } from "./support";
import { SUPPORT, type SupportTable } from "./supportTable";

/** The real table with parts replaced, for what the real one has no case of. */
const TABLE: SupportTable = {
  ...SUPPORT,
  "code-server": {
    ...SUPPORT["code-server"],
    versions: [
      { version: "1.0.0" },
      { version: "1.5.0" },
      { version: "2.0.0", from: ">=1.5.0", with: { "image-node": ">=30", schema: "1" } },
      { version: "3.0.0", from: ">=2.5.0" },
    ],
  },
};

const ALLOWED =
  "one of 4.133.0, 4.134.0, 4.135.0, 4.136.2, 4.137.0, 4.138.0, 4.139.1; docs/versions.md says how to add one";

describe("versions together", () => {
  test("that the table knows have no problem", () => {
    for (const version of supportedVersions("code-server"))
      expect(supportProblems({ "code-server": version, "docker-api": "1.41" })).toEqual([]);
  });

  test.each([
    [
      { "code-server": "4.140.0" },
      `code-server 4.140.0 is not supported (the nearest is 4.139.1); set image.version to one of them; allowed: ${ALLOWED}`,
    ],
    [
      { "code-server": "latest" },
      `code-server latest is not supported; set image.version to one of them; allowed: ${ALLOWED}`,
    ],
    [
      { "docker-api": "1.40" },
      "Docker API 1.40 is not supported; install Docker Engine 20.10 or newer; allowed: >=1.41 <2; docs/versions.md says how to add one",
    ],
  ])("that nobody has tried are refused: %j", (given, problem) => {
    expect(supportProblems(given)).toEqual([problem]);
  });

  test("that do not match are refused, each known by itself", () => {
    const given = { "code-server": "2.0.0", "image-node": "24.21.0", schema: "1" };
    expect(supportProblems(given, TABLE)).toEqual([
      "code-server 2.0.0 works with Node.js in the code-server image >=30, not with 24.21.0; set NODE_VERSION in images/code-server/Dockerfile to one of them",
    ]);
    expect(supportProblems({ "code-server": "2.0.0" }, TABLE)).toEqual([]);
  });
});

test.each([
  ["4.136.0", "4.136.2"],
  ["4.137.1", "4.137.0"],
  ["4.200.0", "4.139.1"],
  ["3.12.0", "4.133.0"],
  ["v4.139.1", "4.139.1"],
  ["latest", undefined],
])("nearest to %s is %s", (version, nearest) => {
  expect(nearestVersion("code-server", version)).toBe(nearest);
});

describe("a step", () => {
  test.each([
    ["4.133.0", "4.134.0", "forward"],
    ["4.133.0", "4.139.1", "forward"],
    ["4.139.1", "4.139.1", "none"],
    // What runs already is no step, known or not.
    ["4.100.0", "4.100.0", "none"],
  ])("from %s to %s is %s", (from, to, kind) => {
    expect(judgeStep("code-server", from, to)).toEqual({ kind });
  });

  test.each([
    ["4.139.1", "4.133.0", "code-server 4.133.0 is older than 4.139.1, whose data"],
    ["4.139.1", "4.140.0", "code-server 4.140.0 is not supported (the nearest is 4.139.1)"],
    ["4.100.0", "4.139.1", "code-server 4.100.0 is not supported (the nearest is 4.133.0)"],
    ["4.139.1", "latest", 'code-server: "latest" is no version'],
    ["", "4.139.1", 'code-server: "" is no version'],
  ])("from %j to %j is refused", (from, to, problem) => {
    expect(judgeStep("code-server", from, to)).toEqual({
      kind: "refused",
      problem: expect.stringContaining(problem),
    });
  });

  test.each([
    ["4.139.1", "4.133.0", "back"],
    // A version that has left the table since it ran.
    ["4.139.1", "4.100.0", "back"],
    ["4.133.0", "4.139.1", "forward"],
    ["4.139.1", "4.139.1", "none"],
  ])("of a rollback from %s to %s is %s", (from, to, kind) => {
    expect(judgeStep("code-server", from, to, { rollback: true })).toEqual({ kind });
  });

  test.each([
    ["1.5.0", "2.0.0", { kind: "forward" }],
    [
      "1.0.0",
      "2.0.0",
      {
        kind: "refused",
        problem: "code-server 2.0.0 follows only >=1.5.0, not 1.0.0; take 1.5.0 first",
      },
    ],
    [
      "2.0.0",
      "3.0.0",
      {
        kind: "refused",
        problem:
          "code-server 3.0.0 follows only >=2.5.0, not 2.0.0; no version in the table leads there",
      },
    ],
  ])("that the table restricts, from %s to %s", (from, to, step) => {
    expect(judgeStep("code-server", from, to, { table: TABLE })).toEqual(step);
  });

  test("of another part goes by that part's versions", () => {
    expect(judgeStep("tailscale", "1.90.9", "1.92.3")).toEqual({ kind: "forward" });
    expect(judgeStep("docker-api", "1.41", "1.45")).toEqual({ kind: "forward" });
    expect(judgeStep("schema", "1", "2").kind).toBe("refused");
  });
});

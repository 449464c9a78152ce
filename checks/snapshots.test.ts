import { describe, expect, test } from "vitest";
import {
  COMPLETE,
  isBeyondRestic,
  latestOf,
  readSnapshots,
  type Snapshot,
  type SnapshotFacts,
  seriesOf,
  shrinkProblem,
  tagsOf,
  withId,
} from "./snapshots";

const FACTS: SnapshotFacts = {
  stack: "dev",
  instance: 2,
  image: `sha256:${"ab".repeat(32)}`,
  configuration: "c".repeat(64),
  manifest: "d".repeat(64),
  entries: 20_000,
  bytes: 1_000_000,
  replaced: false,
};

function snapshot(id: string, time: string, changes: Partial<Snapshot> = {}): Snapshot {
  return { ...FACTS, id, time, ...changes };
}

describe("tags", () => {
  test("give back what they were made of, once the snapshot is proven", () => {
    for (const facts of [FACTS, { ...FACTS, replaced: true }]) {
      const listed = { id: "1".repeat(64), time: "2026-01-01T00:00:00Z" };
      const tags = [...tagsOf(facts), COMPLETE];
      expect(readSnapshots([{ ...listed, tags }])).toEqual({
        complete: [{ ...listed, ...facts }],
        remains: [],
      });
    }
  });

  test("hold nothing that restic would divide", () => {
    expect(tagsOf(FACTS).filter((tag) => tag.includes(","))).toEqual([]);
  });

  test("of a run that was interrupted do not count", () => {
    const listed = [
      { id: "a", time: "2026-01-01T00:00:00Z", tags: tagsOf(FACTS) },
      { id: "b", time: "2026-01-01T00:00:00Z", tags: null },
      { id: "c", time: "2026-01-01T00:00:00Z" },
    ];
    expect(readSnapshots(listed)).toEqual({ complete: [], remains: ["a", "b", "c"] });
  });
});

test("snapshots come newest first, whatever zone their times are in", () => {
  const tags = [...tagsOf(FACTS), COMPLETE];
  const { complete } = readSnapshots([
    { id: "first", time: "2026-01-01T01:00:00+02:00", tags },
    { id: "last", time: "2026-01-01T00:30:00Z", tags },
    { id: "middle", time: "2026-01-01T00:00:00.5Z", tags },
  ]);
  expect(complete.map(({ id }) => id)).toEqual(["last", "middle", "first"]);
});

test("the latest is the newest of that editor, and nothing that a restore replaced", () => {
  const all = [
    snapshot("d", "2026-01-04T00:00:00Z", { replaced: true }),
    snapshot("c", "2026-01-03T00:00:00Z", { instance: 1 }),
    snapshot("b", "2026-01-02T00:00:00Z"),
    snapshot("a", "2026-01-01T00:00:00Z"),
  ];
  expect(latestOf(all, 2)?.id).toBe("b");
  expect(latestOf(all, 1)?.id).toBe("c");
  expect(latestOf(all, 3)).toBeUndefined();
});

test("what a restore replaced is retained apart, and each editor's own", () => {
  const series = [1, 2].flatMap((instance) =>
    [false, true].map((replaced) => seriesOf({ instance, replaced })),
  );
  expect(new Set(series).size).toBe(4);
});

test.each([
  ["0a1b", ["0a1b2c3d", "0a1b2c4d"]],
  ["0a1b2c3", ["0a1b2c3d"]],
  ["0a1b2c3d", ["0a1b2c3d"]],
  ["0a1", []],
  ["", []],
  ["--help", []],
  ["0A1B2C3D", []],
  ["ffff", []],
])("%j names %j", (wanted, expected) => {
  const all = ["0a1b2c3d", "0a1b2c4d"].map((id) => snapshot(id, "2026-01-01T00:00:00Z"));
  expect(withId(all, wanted).map(({ id }) => id)).toEqual(expected);
});

test.each([
  ["13569465600000000000", true],
  ["9223372036854775808", true],
  ["9223372036854775807", false],
  ["1700000000000000000", false],
  ["-631152000000000000", false],
  ["", false],
])("a time of %s is beyond what restic sets: %s", (mtime, beyond) => {
  expect(isBeyondRestic(mtime)).toBe(beyond);
});

describe("data is taken for the sign of a loss", () => {
  const before = { id: "0a1b2c3d".repeat(8), entries: 100, bytes: 1000 };

  test.each([
    ["empty, also as the first", { entries: 1, bytes: 0 }, undefined, "it is empty"],
    ["without anything at all", { entries: 0, bytes: 0 }, before, "it is empty"],
    [
      "with less than half of the entries",
      { entries: 49, bytes: 1000 },
      before,
      "it has 49 entries, and the snapshot 0a1b2c3d has 100",
    ],
    [
      "with less than half of the bytes",
      { entries: 100, bytes: 499 },
      before,
      "it has 499 bytes, and the snapshot 0a1b2c3d has 1000",
    ],
  ])("%s", (_title, now, earlier, problem) => {
    expect(shrinkProblem(now, earlier)).toBe(problem);
  });

  test.each([
    ["half of both", { entries: 50, bytes: 500 }, before],
    ["more", { entries: 1000, bytes: 5000 }, before],
    ["little, as the first", { entries: 2, bytes: 0 }, undefined],
    [
      "nothing but empty files, as before",
      { entries: 2, bytes: 0 },
      { ...before, entries: 3, bytes: 0 },
    ],
  ])("but not with %s", (_title, now, earlier) => {
    expect(shrinkProblem(now, earlier)).toBeUndefined();
  });
});

import { describe, expect, it } from "vitest";
import { sha256 } from "./seal";
import {
  chooseRecord,
  copiesToRemove,
  RecordError,
  returnClaims,
  sealRecord,
  type UpgradeRecord,
  unsealRecord,
} from "./upgradeRecord";

const IMAGES = { old: `sha256:${"0".repeat(64)}`, new: `sha256:${"1".repeat(64)}` };
const FILE = "config: {}\n";
const END = { entries: 3, bytes: 5, digest: "d".repeat(64) };

function record(changes: Partial<UpgradeRecord> = {}): UpgradeRecord {
  const id = changes.id ?? "20261125T001530-1a2b3c4d";
  return {
    record: 1,
    id,
    stack: "dev",
    service: "code-server",
    kind: "upgrade",
    result: "verified",
    who: "someone@host",
    startedAt: "2026-11-25T00:15:30.000Z",
    finishedAt: "2026-11-25T00:16:30.000Z",
    stackFile: { text: FILE, sha256: sha256(FILE) },
    stackFileAfter: sha256("after"),
    editors: [
      {
        instance: 1,
        from: { id: IMAGES.old, version: "4.133.0" },
        to: { id: IMAGES.new, version: "4.139.1" },
        copy: `doom-dev-before-upgrade-1-${id.slice(-8)}`,
        manifest: END,
        manifestFile: "editor-1.jsonl",
        extensions: ["a.b@1.0.0"],
        timings: { cutover: 500 },
        checks: [],
      },
    ],
    ...changes,
  };
}

describe("a record's file", () => {
  it("gives the record back, also with its keys in another order", () => {
    const text = sealRecord(record());
    expect(unsealRecord(text)).toEqual(record());
    const turned = Object.fromEntries(Object.entries(JSON.parse(text)).reverse());
    expect(unsealRecord(JSON.stringify(turned))).toEqual(record());
  });

  it.each<[string, (text: string) => string, string]>([
    ["the image", (text) => text.replace(IMAGES.old, IMAGES.new), "was changed after"],
    ["the stack's file", (text) => text.replace("config: {}", "config: []"), "was changed after"],
    ["the manifest", (text) => text.replace(END.digest, "e".repeat(64)), "was changed after"],
    [
      "the checksum",
      (text) => text.replace(/"checksum": "./, '"checksum": "x'),
      "was changed after",
    ],
    [
      "its version",
      (text) => text.replace('"record": 1', '"record": 2'),
      "no record of this version",
    ],
    ["its end", (text) => text.slice(0, -20), "not JSON"],
    ["all of it", () => "null", "no record"],
  ])("is refused when somebody has changed %s", (_, change, message) => {
    const text = sealRecord(record());
    expect(change(text)).not.toBe(text);
    expect(() => unsealRecord(change(text))).toThrow(RecordError);
    expect(() => unsealRecord(change(text))).toThrow(message);
  });

  it("is refused when it was sealed around another stack file than it says", () => {
    const odd = record({ stackFile: { text: FILE, sha256: sha256("other") } });
    expect(() => unsealRecord(sealRecord(odd))).toThrow("another stack file");
  });
});

describe("chooseRecord", () => {
  const [first, second] = [
    record({ id: "20261125T001530-11111111" }),
    record({ id: "20261126T001530-22222222" }),
  ];
  const back = record({ id: "20261127T001530-33333333", kind: "rollback" });
  const all = [first, back, second];
  const running = new Map([[1, IMAGES.new]]);

  it("takes the newest upgrade whose image runs", () => {
    expect(chooseRecord(all, running)).toBe(second);
    expect(chooseRecord(all, new Map())).toBe(second);
    expect(chooseRecord(all, new Map([[1, IMAGES.old]]))).toBeUndefined();
    expect(chooseRecord([], running)).toBeUndefined();
  });

  it.each<[string, UpgradeRecord | undefined]>([
    ["20261125", first],
    ["22222222", second],
    ["2026", undefined],
    ["33333333", undefined],
    ["x", undefined],
  ])("takes the one that %s names, and none when that is not one", (wanted, expected) => {
    expect(chooseRecord(all, running, wanted)).toBe(expected);
  });
});

describe("copiesToRemove", () => {
  const many = ["1", "2", "3", "4", "5"].map((digit) =>
    record({ id: `2026112${digit}T000000-${digit.repeat(8)}` }),
  );
  const copyOf = (digit: string) => `doom-dev-before-upgrade-1-${digit.repeat(8)}`;

  it("keeps the last three and what no record knows", () => {
    const present = ["1", "2", "3", "4", "5", "9"].map(copyOf);
    expect(copiesToRemove(many, present)).toEqual([copyOf("1"), copyOf("2")]);
  });

  it("counts each service for itself", () => {
    const [first, ...later] = many.slice(0, 4);
    const present = ["1", "2", "3", "4"].map(copyOf);
    expect(copiesToRemove(many.slice(0, 4), present)).toEqual([copyOf("1")]);
    const other = { ...(first as UpgradeRecord), service: "claude" };
    expect(copiesToRemove([other, ...later], present)).toEqual([]);
  });

  it("never names what a way back has kept", () => {
    const kept = "doom-dev-after-upgrade-1-77777777";
    const back = record({ id: "20261120T000000-77777777", kind: "rollback" });
    expect(copiesToRemove([...many, back], [kept])).toEqual([]);
  });
});

describe("returnClaims", () => {
  const titleOf = (instance: number) => `editor ${instance}`;
  const good = {
    images: new Map([[1, IMAGES.old]]),
    stackFile: FILE,
    intended: FILE,
    manifests: new Map([[1, END]]),
  };
  const broken = (changes: Partial<typeof good>) =>
    returnClaims(record(), titleOf, { ...good, ...changes })
      .filter(({ holds }) => !holds)
      .map(({ what }) => what);

  it("hold for what is as it was", () => {
    expect(broken({})).toEqual([]);
    expect(returnClaims(record(), titleOf, good)).toHaveLength(3);
  });

  it.each<[string, Partial<typeof good>]>([
    ["image of editor 1", { images: new Map([[1, IMAGES.new]]) }],
    ["image of editor 1", { images: new Map() }],
    ["configuration", { stackFile: `${FILE}# more\n` }],
    ["data of editor 1", { manifests: new Map([[1, { ...END, digest: "e".repeat(64) }]]) }],
    ["data of editor 1", { manifests: new Map() }],
  ])("name the %s that is another", (what, changes) => {
    expect(broken(changes)).toEqual([what]);
  });
});

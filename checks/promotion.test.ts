import { describe, expect, test } from "vitest";
import {
  type Bundle,
  bundleHash,
  type GateFacts,
  gatesBefore,
  isolationGate,
  type PromotionEntry,
  sealEntry,
  standingPromotion,
  unsealEntries,
} from "./promotion";

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 10, 30);
const BUNDLE: Bundle = {
  bundle: 1,
  from: "dev",
  to: "staging",
  images: { "code-server": "sha256:1", gateway: "sha256:2" },
  settings: { "image.reference": "sha256:1", timeZone: "UTC" },
  secrets: ["code-server-1"],
  verdicts: { policies: "passed", isolation: "proven" },
  soakMinutes: 60,
  upgrade: "none",
  drill: "none",
};
const HASH = bundleHash(BUNDLE);
const FACTS: GateFacts = {
  terms: { from: "dev", soakMinutes: 60, approvals: ["anna"] },
  runners: [
    { name: "doom-dev-code-server-1", healthy: true, startedAt: NOW - 2 * HOUR },
    { name: "doom-dev-gateway", healthy: true, startedAt: NOW - HOUR },
  ],
  now: NOW,
  drift: [],
  together: [],
  unverified: [],
  full: [],
  approvedBy: ["anna", "ben"],
  secrets: { source: ["code-server-1"], target: ["code-server-1", "code-server-2"] },
  hash: HASH,
  expected: HASH,
};

const shut = (facts: Partial<GateFacts>) =>
  gatesBefore({ ...FACTS, ...facts }).filter(({ passed }) => !passed);

describe("the gates", () => {
  test("are open for what has soaked, is healthy, as declared, verified and approved", () => {
    expect(shut({})).toEqual([]);
    expect(shut({ expected: undefined })).toEqual([]);
  });

  const [editor, gateway] = FACTS.runners as [GateFacts["runners"][0], GateFacts["runners"][0]];
  test.each<[string, string, Partial<GateFacts>]>([
    ["healthy", "doom-dev-gateway", { runners: [editor, { ...gateway, healthy: false }] }],
    ["soak", "59.9 of 60", { runners: [editor, { ...gateway, startedAt: NOW - HOUR + 6000 }] }],
    ["soak", "0.0 of 60", { runners: [editor, { ...gateway, startedAt: NOW + HOUR }] }],
    ["as declared", "dev would update x", { drift: ["dev would update x"] }],
    ["isolated", "SHARED network: x", { together: ["SHARED network: x"] }],
    ["storage", "data-1 is full", { full: ["data-1 is full"] }],
    ["verified", "not verified", { unverified: ["the last upgrade was not verified"] }],
    [
      "secrets",
      "code-server-1 is set in dev",
      { secrets: { source: ["code-server-1"], target: [] } },
    ],
    ["approvals", "anna has not approved", { approvedBy: ["ben"] }],
    ["bundle", "sha256:0 was asked for", { expected: "sha256:0" }],
  ])("%s is shut: %s", (name, evidence, facts) => {
    const found = shut(facts);
    expect(found.map((gate) => gate.name)).toEqual([name]);
    expect(found[0]?.evidence).toContain(evidence);
  });

  test("of a source that does not run are shut, whatever the soak", () => {
    const terms = { ...FACTS.terms, soakMinutes: 0 };
    expect(shut({ terms, runners: [] }).map(({ name }) => name)).toEqual(["healthy", "soak"]);
  });
});

test("of all that one hole opens, the first five are evidence", () => {
  const { passed, evidence } = isolationGate(["a", "b", "c", "d", "e", "f", "g"]);
  expect([passed, evidence]).toEqual([false, "a; b; c; d; e; and 2 more"]);
});

describe("the hash of a bundle", () => {
  test("does not depend on the order of keys", () => {
    const { images, ...rest } = BUNDLE;
    const turned = Object.fromEntries(Object.entries(images).reverse());
    expect(bundleHash({ ...rest, images: turned })).toBe(HASH);
  });

  test.each([
    ["an image", { images: { ...BUNDLE.images, gateway: "sha256:3" } }],
    ["a setting", { settings: { ...BUNDLE.settings, timeZone: "Europe/Berlin" } }],
    ["the target", { to: "prod" }],
    ["a verdict", { verdicts: { ...BUNDLE.verdicts, isolation: "not proven" as const } }],
    ["a drill", { drill: { stack: "dev", at: "2026-11-30", result: "failed" } }],
  ])("is another one with another %s", (_, change) => {
    expect(bundleHash({ ...BUNDLE, ...change })).not.toBe(HASH);
  });
});

describe("the file of promotions", () => {
  const entry = (id: string, more: Partial<PromotionEntry> = {}): PromotionEntry => ({
    promotion: 1,
    id,
    from: "dev",
    to: "staging",
    kind: "promotion",
    result: "promoted",
    who: "somebody@host",
    approvedBy: [],
    at: "2026-11-30T00:00:00.000Z",
    bundle: BUNDLE,
    hash: HASH,
    gates: [],
    stackFileBefore: "config: {}\n",
    imagesBefore: ["sha256:0"],
    ...more,
  });
  const file = (...entries: PromotionEntry[]) => {
    let text = "";
    for (const one of entries) text += `${sealEntry(one, unsealEntries(text).last)}\n`;
    return text;
  };
  const text = file(entry("1"), entry("2"), entry("3"));

  test("is read as it was written", () => {
    expect(unsealEntries(text).entries.map(({ id }) => id)).toEqual(["1", "2", "3"]);
  });

  test.each([
    ["a changed word", text.replace("somebody@host", "nobody@host"), "line 1 "],
    ["a line that was taken out", text.split("\n").toSpliced(1, 1).join("\n"), "line 2 "],
    ["lines in another order", text.split("\n").reverse().join("\n"), "line 2 "],
    ["a line that was cut off", text.slice(0, -20), "line 3 is cut off"],
  ])("with %s is refused", (_, changed, named) => {
    expect(() => unsealEntries(changed)).toThrow(named);
  });

  test("says what stands: the last one that was not taken back", () => {
    const undo = entry("3", { kind: "undo", result: "undone", takesBack: "2" });
    const refused = entry("4", { result: "refused" });
    expect(standingPromotion([entry("1"), entry("2"), refused])?.id).toBe("2");
    expect(standingPromotion([entry("1"), entry("2"), undo, refused])?.id).toBe("1");
    expect(standingPromotion([refused])).toBeUndefined();
  });
});

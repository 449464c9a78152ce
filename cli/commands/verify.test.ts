import { describe, expect, it } from "vitest";
import type { PlaceResult } from "../../operations/placeSearch";
import { Display } from "../display";
import type { CommandContext } from "../engineRun";
import { describeScan, type VerifyOptions, verify } from "./verify";

function place(more: Partial<PlaceResult> = {}): PlaceResult {
  return {
    place: "container logs",
    objects: 3,
    bytes: 1_250_000,
    sealed: 0,
    findings: [],
    seconds: 0.51,
    ...more,
  };
}

const finding = { object: "doom-dev-gateway", secret: "the passphrase", form: "hex" };

function scanOf(...places: PlaceResult[]) {
  return { searched: ["the passphrase", "a hash"], tooShort: [], places };
}

describe("what a scan says", () => {
  it("is a table and a verdict when all is well", () => {
    const outcome = describeScan("dev", scanOf(place(), place({ place: "reports", objects: 0 })));
    expect(outcome.text).toBe(
      [
        "PLACE           OBJECTS  READ    SECONDS  SECRETS FOUND",
        "container logs  3        1.3 MB  0.5      none",
        "reports         0        1.3 MB  0.5      none",
        "No secret of dev stands readable: 2 secrets, 2 places.",
      ].join("\n"),
    );
    expect(outcome.exitCode).toBeUndefined();
    expect(outcome.data).toMatchObject({ clean: true, secrets: ["the passphrase", "a hash"] });
  });

  it("names place, object, secret and form of what was found", () => {
    const { text, exitCode, data } = describeScan("dev", scanOf(place({ findings: [finding] })));
    expect(text.split("\n").slice(1)).toEqual([
      "container logs  3        1.3 MB  0.5      1",
      "FOUND in container logs: doom-dev-gateway: the passphrase (hex)",
      "Secrets of dev stand readable: remove what holds them, then change them.",
    ]);
    expect(exitCode).toBe(11);
    expect(data).toMatchObject({ clean: false, places: [{ findings: [finding] }] });
  });

  it("does not take a place that was not searched for a clean one", () => {
    const { text, exitCode, data } = describeScan("dev", scanOf(place({ notSearched: "no root" })));
    expect(text.split("\n").slice(1)).toEqual([
      "container logs  3        1.3 MB  0.5      none; NOT SEARCHED",
      "NOT SEARCHED: container logs: no root",
      "It is not proven that no secret of dev stands readable.",
    ]);
    expect(exitCode).toBe(11);
    expect(data).toMatchObject({ clean: false });
  });

  it("does not take a secret that is too short for one that is nowhere", () => {
    const scan = { ...scanOf(place()), tooShort: ["a pin"] };
    const { text, exitCode } = describeScan("dev", scan);
    expect(text).toContain("too short to be searched for: a pin");
    expect(exitCode).toBe(11);
  });

  it("mentions what is closed to the search, which is no failure", () => {
    const { text, exitCode } = describeScan("dev", scanOf(place({ sealed: 4 })));
    expect(text).toContain("note: container logs: 4 closed to the search");
    expect(exitCode).toBeUndefined();
  });

  it("shows twenty findings of a place and counts the rest", () => {
    const findings = Array.from({ length: 25 }, () => finding);
    const { text, data } = describeScan("dev", scanOf(place({ findings })));
    expect(text.match(/FOUND in container logs: doom-dev-gateway/g)).toHaveLength(20);
    expect(text).toContain("FOUND in container logs: 5 more, which --json lists");
    expect(data).toMatchObject({ places: [{ findings }] });
  });
});

it.each<[string, string[], VerifyOptions, string]>([
  ["nothing", ["dev"], {}, "There is nothing to verify."],
  [
    "two things",
    ["dev"],
    { secrets: true, kept: true },
    "--secrets and --kept are different questions.",
  ],
  ["the secrets of no stack", [], { secrets: true }, "--secrets looks at one stack."],
  [
    "limits for a record",
    ["dev"],
    { limits: true, record: true },
    "--record keeps no answer of --limits.",
  ],
  ["the limits of two stacks", ["dev", "prod"], { limits: true }, "--limits looks at one stack."],
])("refuses to verify %s", async (_, stacks, options, summary) => {
  const context = { display: new Display({ write: () => true }) } as unknown as CommandContext;
  await expect(verify(stacks, options, context)).rejects.toMatchObject({ kind: "usage", summary });
});

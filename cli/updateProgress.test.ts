import type { EngineEvent, OpType } from "@pulumi/pulumi/automation";
import { beforeEach, describe, expect, it } from "vitest";
import { UpdateProgress } from "./updateProgress";

const URN = "urn:pulumi:dev::doom-coding::a:index:B$docker:index/network:Network::edge-network";
let clock: number;
beforeEach(() => {
  clock = 0;
});

function metadata(op: OpType, given: Record<string, unknown> = {}) {
  const state = {
    type: "docker:index/network:Network",
    urn: URN,
    custom: true,
    id: "",
    parent: "",
    inputs: { name: "doom-dev-edge" },
    outputs: {},
    provider: "",
  };
  const side = op === "delete" ? { old: state } : { new: state };
  return { op, urn: URN, type: state.type, provider: "", ...side, ...given };
}
const event = (content: object) => ({ sequence: 0, timestamp: 0, ...content }) as EngineEvent;
const begins = (op: OpType, given = {}) =>
  event({ resourcePreEvent: { metadata: metadata(op, given) } });
const ends = (op: OpType, given = {}) =>
  event({ resOutputsEvent: { metadata: metadata(op, given) } });
const fails = (op: OpType) =>
  event({ resOpFailedEvent: { metadata: metadata(op), status: 0, steps: 0 } });
const reports = (severity: string, message: string) =>
  event({ diagnosticEvent: { severity, message, color: "never" } });

describe("UpdateProgress", () => {
  it("follows a step from its beginning to its end", () => {
    const progress = new UpdateProgress(new Set([URN, "urn:other"]), () => clock);
    expect(progress.status()).toBe("0/2 done");
    progress.take(begins("create"));
    clock = 2_140;
    expect(progress.status()).toBe("0/2 done, working on doom-dev-edge (2 s)");
    expect(progress.take(ends("create"))).toBe("created  Network doom-dev-edge (2.1 s)");
    expect(progress.status()).toBe("1/2 done");
    expect(progress.changes).toEqual({ create: 1 });
  });

  it("counts a replacement once", () => {
    const progress = new UpdateProgress(new Set(), () => clock);
    const lines = [
      begins("delete-replaced"),
      ends("delete-replaced"),
      begins("replace"),
      ends("replace"),
      begins("create-replacement", { diffs: ["image"] }),
      ends("create-replacement"),
    ].map((item) => progress.take(item));
    expect(lines.filter(Boolean)).toEqual(["replaced Network doom-dev-edge (0.0 s)"]);
    expect(progress.changes).toEqual({ replace: 1 });
  });

  it.each(["same", "read", "refresh"] as OpType[])("passes over %s", (op) => {
    const progress = new UpdateProgress();
    progress.take(begins(op));
    expect(progress.take(ends(op))).toBeUndefined();
    expect(progress.changes).toEqual({});
  });

  it("passes over components", () => {
    const progress = new UpdateProgress();
    const component = { new: { ...metadata("create").new, custom: undefined } };
    progress.take(begins("create", component));
    expect(progress.take(ends("create", component))).toBeUndefined();
    expect(progress.allSteps).toEqual([]);
  });

  it("names what failed and says why once", () => {
    const progress = new UpdateProgress();
    progress.take(begins("create"));
    progress.take(
      reports(
        "error",
        "  sdk-v2/provider2.go:571: sdk.helper_schema: pool overlaps: provider=docker@5.2.0\n",
      ),
    );
    progress.take(reports("error", "1 error occurred:\n\t* pool overlaps\n\n"));
    progress.take(reports("debug", "noise"));
    expect(progress.take(fails("create"))).toBe("FAILED   Network doom-dev-edge");
    progress.take(reports("error", "update failed\n"));
    expect(progress.errors).toEqual(["pool overlaps"]);
  });

  it("tells mandatory policies from advice", () => {
    const progress = new UpdateProgress();
    const policy = { message: "no", color: "never", policyPackName: "p", policyPackVersion: "1" };
    progress.take(
      event({ policyEvent: { ...policy, policyName: "a", enforcementLevel: "mandatory" } }),
    );
    progress.take(
      event({ policyEvent: { ...policy, policyName: "b", enforcementLevel: "warning" } }),
    );
    progress.take(reports("warning", "old plugin\n"));
    expect(progress.errors).toEqual(["policy a: no"]);
    expect(progress.advice).toEqual(["policy b: no"]);
    expect(progress.warnings).toEqual(["old plugin"]);
  });

  it("keeps the properties that a step changes", () => {
    const progress = new UpdateProgress();
    progress.take(begins("update", { diffs: ["memory", "cpus"] }));
    expect(progress.allSteps).toEqual([
      {
        urn: URN,
        operation: "update",
        type: "Network",
        name: "doom-dev-edge",
        because: ["memory", "cpus"],
      },
    ]);
  });
});

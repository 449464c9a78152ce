import { describe, expect, it } from "vitest";
import type { PendingOperation, StateResource } from "./checkpoint";
import { type DockerThing, findLeftovers, type OwnRecords, removalCommand } from "./leftovers";

const T = Date.parse("2026-03-01T10:00:00Z");

const gateway: DockerThing = {
  kind: "container",
  id: "c1",
  name: "doom-dev-gateway",
  labels: { "doom.stack": "dev", "doom.role": "gateway", "doom.schema": "1" },
  createdAt: T,
};
const editor: DockerThing = {
  ...gateway,
  id: "c2",
  name: "doom-dev-code-server-2",
  labels: { "doom.stack": "dev", "doom.role": "code-server", "doom.instance": "2" },
};
const network: DockerThing = {
  kind: "network",
  id: "n1",
  name: "doom-dev-edge",
  labels: { "doom.stack": "dev", "doom.role": "edge" },
  createdAt: T,
};

function resource(type: string, name: string, id?: string): StateResource {
  return {
    urn: `urn:${name}`,
    type,
    ...(id ? { id } : {}),
    inputs: { name },
    outputs: {},
    protect: false,
    needs: [],
  };
}
const CONTAINER = "docker:index/container:Container";
const NETWORK = "docker:index/network:Network";

function records(given: {
  resources?: StateResource[];
  pending?: PendingOperation[];
  writtenAt?: number;
  runs?: { start: number; end: number }[];
}): OwnRecords {
  return {
    checkpoint: { resources: given.resources ?? [], pending: given.pending ?? [] },
    checkpointWrittenAt: given.writtenAt ?? T,
    runs: given.runs ?? [],
  };
}
const creating = (type: string, name: string): PendingOperation => ({
  type: "creating",
  resource: resource(type, name),
});

describe("findLeftovers", () => {
  it("leaves alone what the state holds", () => {
    const own = records({ resources: [resource(CONTAINER, "doom-dev-gateway", "c1")] });
    expect(findLeftovers("dev", [gateway], own)).toEqual({ remove: [], unexplained: [] });
  });

  it("removes what an interrupted run was creating", () => {
    const own = records({
      pending: [
        creating(CONTAINER, "doom-dev-gateway"),
        creating(CONTAINER, "doom-dev-code-server-2"),
        creating(NETWORK, "doom-dev-edge"),
      ],
    });
    const things = [gateway, editor, network];
    expect(findLeftovers("dev", things, own)).toEqual({ remove: things, unexplained: [] });
  });

  it("removes what appeared during a recorded run, pending or not", () => {
    const runs = [{ start: T - 5_000, end: T + 5_000 }];
    expect(findLeftovers("dev", [editor, network], records({ runs })).remove).toEqual([
      editor,
      network,
    ]);
  });

  it.each([
    ["nothing is recorded", {}],
    ["only another one was pending", { pending: [creating(CONTAINER, "doom-dev-code-server-1")] }],
    ["a network of that name was pending", { pending: [creating(NETWORK, "doom-dev-gateway")] }],
    [
      "the operation was no creation",
      {
        pending: [
          { type: "deleting", resource: resource(CONTAINER, "doom-dev-gateway") },
        ] as PendingOperation[],
      },
    ],
    [
      "it is far younger than the interrupted run",
      { pending: [creating(CONTAINER, "doom-dev-gateway")], writtenAt: T - 11 * 60_000 },
    ],
    ["it is older than the recorded run", { runs: [{ start: T + 10_000, end: T + 20_000 }] }],
    ["it is younger than the recorded run", { runs: [{ start: T - 20_000, end: T - 10_000 }] }],
    [
      "the state holds an earlier one",
      { resources: [resource(CONTAINER, "doom-dev-gateway", "c0")] },
    ],
  ])("does not touch it when %s", (_name, given) => {
    expect(findLeftovers("dev", [gateway], records(given))).toEqual({
      remove: [],
      unexplained: [gateway],
    });
  });

  it("knows nothing of other stacks, prefixes and other names", () => {
    const runs = [{ start: 0, end: 2 * T }];
    const others: DockerThing[] = [
      {
        ...gateway,
        name: "doom-dev2-gateway",
        labels: { ...gateway.labels, "doom.stack": "dev2" },
      },
      { ...gateway, name: "doom-dev-gateway-old" },
      { ...gateway, labels: { "doom.role": "gateway" } },
      { ...editor, name: "doom-dev-code-server-3" },
    ];
    expect(findLeftovers("dev", others, records({ runs }))).toEqual({
      remove: [],
      unexplained: [],
    });
  });
});

describe("removalCommand", () => {
  it("names one thing exactly", () => {
    expect(removalCommand(gateway)).toBe("docker rm -f doom-dev-gateway");
    expect(removalCommand(network)).toBe("docker network rm doom-dev-edge");
  });
});

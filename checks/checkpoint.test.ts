import { describe, expect, it } from "vitest";
import { DamagedCheckpoint, parseCheckpoint, stackOutputs, withNeeds } from "./checkpoint";

const STACK = "organization/doom-coding/dev";
const file = (latest?: unknown) =>
  JSON.stringify({ version: 3, checkpoint: { stack: STACK, latest } });
const salt = "v1:m5f0ryjXgbQ=:v1:bmBc:KQXe1W==";

describe("parseCheckpoint", () => {
  it("reads a stack that nothing was created in yet", () => {
    const providers = { type: "passphrase", state: { salt } };
    expect(parseCheckpoint(file({ manifest: {}, secrets_providers: providers }), STACK)).toEqual({
      resources: [],
      pending: [],
      salt,
    });
    expect(parseCheckpoint(file(), STACK)).toEqual({ resources: [], pending: [] });
  });

  it("reads resources and what an interrupted run was doing", () => {
    const container = {
      urn: "urn:pulumi:dev::doom-coding::docker:index/container:Container::gateway",
      type: "docker:index/container:Container",
      custom: true,
      inputs: { name: "doom-dev-gateway" },
    };
    const latest = {
      resources: [
        { urn: "urn:stack", type: "pulumi:pulumi:Stack", outputs: { url: "http://x" } },
        {
          ...container,
          id: "abc",
          protect: true,
          outputs: { name: "doom-dev-gateway" },
          parent: "urn:parent",
          provider: "urn:provider::default::1234",
          dependencies: ["urn:network"],
        },
      ],
      pending_operations: [{ resource: container, type: "creating" }],
    };
    const checkpoint = parseCheckpoint(file(latest), STACK);
    expect(checkpoint.resources[1]).toEqual({
      urn: container.urn,
      type: container.type,
      id: "abc",
      inputs: { name: "doom-dev-gateway" },
      outputs: { name: "doom-dev-gateway" },
      protect: true,
      needs: ["urn:parent", "urn:provider::default", "urn:network"],
    });
    expect(checkpoint.pending).toEqual([
      {
        type: "creating",
        resource: {
          urn: container.urn,
          type: container.type,
          inputs: container.inputs,
          outputs: {},
          protect: false,
          needs: [],
        },
      },
    ]);
    expect(stackOutputs(checkpoint)).toEqual({ url: "http://x" });
  });

  it.each([
    ["zero bytes", "", "it is empty"],
    ["white space", " \n", "it is empty"],
    ["half a file", file({ resources: [] }).slice(0, 40), "it is cut off or altered: not JSON"],
    ["another document", "[]", "the file is not a map"],
    ["another format", '{"version":4,"checkpoint":{}}', "its format is 4, not 3"],
    ["no checkpoint", '{"version":3}', "checkpoint is not a map"],
    [
      "another stack's state",
      JSON.stringify({ version: 3, checkpoint: { stack: "organization/doom-coding/prod" } }),
      "it belongs to the stack organization/doom-coding/prod",
    ],
    ["resources of another kind", file({ resources: {} }), "resources is not a list"],
    [
      "a resource without URN",
      file({ resources: [{ type: "a" }] }),
      "a resource has no URN or no type",
    ],
  ])("refuses %s", (_name, text, message) => {
    expect(() => parseCheckpoint(text, STACK)).toThrow(new DamagedCheckpoint(message));
  });

  it("has no outputs before the first run", () => {
    expect(stackOutputs(parseCheckpoint(file(), STACK))).toEqual({});
  });
});

describe("withNeeds", () => {
  const resource = (urn: string, type: string, needs: string[] = []) => ({
    urn,
    type,
    inputs: {},
    outputs: {},
    protect: false,
    needs,
  });

  it("gives the resources of a type with all that they rest on, each once", () => {
    const checkpoint = {
      resources: [
        resource("stack", "Stack"),
        resource("provider", "Provider"),
        resource("a", "Component", ["stack"]),
        resource("b", "Component", ["stack"]),
        resource("image1", "Image", ["a", "provider"]),
        resource("image2", "Image", ["a", "provider", "image1"]),
        resource("container", "Container", ["b", "image1"]),
      ],
      pending: [],
    };
    expect(withNeeds(checkpoint, "Image")).toEqual(["a", "image1", "image2", "provider", "stack"]);
    expect(withNeeds(checkpoint, "Volume")).toEqual([]);
  });
});

import { describe, expect, it } from "vitest";
import { type ContainerStatus, conditionOf, healthOf, restingVolumes } from "./environmentStatus";

describe("healthOf", () => {
  it.each([
    ["Up 2 minutes (healthy)", "healthy"],
    ["Up 3 seconds (health: starting)", "starting"],
    ["Up 2 hours (unhealthy)", "unhealthy"],
    ["Up 2 hours", undefined],
    ["Exited (137) 5 minutes ago", undefined],
  ])("reads %j as %s", (status, health) => {
    expect(healthOf(status)).toBe(health);
  });
});

describe("conditionOf", () => {
  const container = (state: string, health?: ContainerStatus["health"]): ContainerStatus => ({
    name: "a",
    role: "gateway",
    state,
    ...(health ? { health } : {}),
  });
  const healthy = container("running", "healthy");
  const waits = { ...container("running", "unhealthy"), waitsFor: "a key" };

  it.each([
    ["nothing is there", [], "down"],
    ["all are healthy", [healthy, healthy], "healthy"],
    ["one has not answered yet", [healthy, container("running", "starting")], "starting"],
    ["one is unhealthy", [healthy, container("running", "unhealthy")], "unhealthy"],
    ["one waits for the user", [healthy, waits], "healthy"],
    [
      "one waits beside one that is unhealthy",
      [waits, container("running", "unhealthy")],
      "unhealthy",
    ],
    ["one that waits has stopped", [healthy, { ...waits, state: "exited" }], "unhealthy"],
    ["one has stopped", [healthy, container("exited")], "unhealthy"],
    ["one is missing", [container("missing")], "unhealthy"],
    ["one has no health check", [healthy, container("running")], "unhealthy"],
  ] as const)("when %s: %s", (_name, containers, condition) => {
    expect(conditionOf(containers)).toBe(condition);
  });
});

describe("restingVolumes", () => {
  const volume = (index: number) => ({
    name: `doom-dev-data-${index}`,
    labels: { "doom.instance": String(index) },
  });

  it.each([
    [
      [{}, {}],
      ["doom-dev-data-10", "doom-dev-data-3"],
    ],
    [[{}, {}, {}], ["doom-dev-data-10"]],
    [undefined, []],
  ])("with the output %j: %j", (instances, resting) => {
    expect(restingVolumes([volume(10), volume(1), volume(3)], instances)).toEqual(resting);
  });
});

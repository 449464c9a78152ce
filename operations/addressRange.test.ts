import { describe, expect, it } from "vitest";
import { describeOverlap, explainOverlap, isOverlap } from "./addressRange";
import { Failure } from "./failure";

const claim = (name: string, labels: Record<string, string>, subnet: string) => ({
  stack: "dev",
  environment: { network: { cidr: "10.98.7.0/24", egress: [] } },
  networks: [{ name, labels, subnets: [subnet] }],
  neighbours: [],
});

const OWN = { "doom.stack": "dev", "doom.role": "edge" };

describe("addresses that Docker has refused", () => {
  it.each([
    "Unable to create network: Error response from daemon: Pool overlaps with other one on this address space",
    "invalid pool request: Pool overlaps with other one on this address space",
  ])("are known by %j", (text) => expect(isOverlap(text)).toBe(true));

  it.each(["Pool of workers is empty", "network doom-dev-edge already exists"])(
    "are not meant by %j",
    (text) => expect(isOverlap(text)).toBe(false),
  );

  it("are named with who has them, and what to set instead", () => {
    expect(describeOverlap(claim("compose_default", {}, "10.98.7.128/25"))).toEqual([
      "10.98.7.0/24 overlaps 10.98.7.128/25, used by the Docker network compose_default; set network.cidr in Pulumi.dev.yaml to a free range, such as 10.98.8.0/24",
    ]);
  });

  it.each([
    ["another range", claim("other", {}, "10.98.8.0/24")],
    ["the environment's own", claim("doom-dev-edge", OWN, "10.98.7.64/26")],
  ])("that nobody has any more, only %s, are said to be free again", (_, given) => {
    expect(describeOverlap(given)).toEqual([
      expect.stringContaining("no network of its list (docker network ls) has them any more"),
    ]);
  });

  it("do not stand in the way of what else failed", async () => {
    const failure = new Failure("update", "not up:", { problems: ["port is taken"], fix: "look" });
    const refused = { project: undefined as never, ...claim("a", {}, "10.0.0.0/24") };
    expect(await explainOverlap(failure, refused)).toBe(failure);
  });
});

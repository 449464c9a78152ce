import { describe, expect, it } from "vitest";
import { type Cidr, formatCidr, parseCidrLoosely } from "./cidr";
import {
  freeRangeAdvice,
  ownRangeProblems,
  rangesOfInterfaces,
  rangesOfNetworks,
  rangesOfRoutes,
  subnetProblems,
} from "./subnets";

const cidr = (text: string) => parseCidrLoosely(text) as Cidr;
const shown = (ranges: readonly { cidr: Cidr; usedBy: string }[]) =>
  ranges.map((range) => `${formatCidr(range.cidr)} ${range.usedBy}`);

describe("subnetProblems", () => {
  it.each([
    ["the same range", "10.87.1.0/24", 1],
    ["a part of it", "10.87.1.64/26", 1],
    ["all around it", "10.0.0.0/8", 1],
    ["its neighbour", "10.87.2.0/24", 0],
    ["the last address before it", "10.87.0.255/32", 0],
  ])("%s (%s): %d problem", (_name, used, count) => {
    const problems = subnetProblems(cidr("10.87.1.0/24"), [{ cidr: cidr(used), usedBy: "x" }]);
    expect(problems).toHaveLength(count);
  });

  it("names the range and its user, once for an interface and its route", () => {
    const used = [
      { cidr: cidr("10.87.0.0/16"), usedBy: "the host's interface tun0" },
      { cidr: cidr("10.87.0.0/16"), usedBy: "a route of the host through tun0" },
    ];
    expect(subnetProblems(cidr("10.87.1.0/24"), used)).toEqual([
      "10.87.1.0/24 overlaps 10.87.0.0/16, used by the host's interface tun0",
    ]);
  });

  it("keeps clear of the tailnet", () => {
    expect(subnetProblems(cidr("100.80.0.0/24"), [])).toEqual([
      "100.80.0.0/24 overlaps 100.64.0.0/10, Tailscale's addresses",
    ]);
  });
});

describe("used ranges", () => {
  it("leaves out the networks of the stack itself, and only those", () => {
    const network = (name: string, stack?: string) => ({
      name,
      labels: (stack ? { "doom.stack": stack } : {}) as Record<string, string>,
      subnets: ["10.87.1.0/26"],
    });
    const networks = [
      network("doom-dev-edge", "dev"),
      network("doom-dev2-edge", "dev2"),
      network("a"),
    ];
    expect(shown(rangesOfNetworks(networks, "dev"))).toEqual([
      "10.87.1.0/26 the Docker network doom-dev2-edge",
      "10.87.1.0/26 the Docker network a",
    ]);
  });

  it("takes the network of an interface's address, without Docker's devices and IPv6", () => {
    const addresses = [
      { device: "lo", cidr: "127.0.0.1/8" },
      { device: "eth0", cidr: "192.168.1.77/24" },
      { device: "docker0", cidr: "172.17.0.1/16" },
      { device: "br-0123456789ab", cidr: "10.87.1.1/26" },
      { device: "br-lan", cidr: "10.9.0.1/24" },
      { device: "eth0", cidr: "fe80::1/64" },
    ];
    expect(shown(rangesOfInterfaces(addresses))).toEqual([
      "127.0.0.0/8 the host's interface lo",
      "192.168.1.0/24 the host's interface eth0",
      "10.9.0.0/24 the host's interface br-lan",
    ]);
  });

  it("reads the kernel's routes, without the default one and Docker's", () => {
    const text = [
      "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT",
      "eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0",
      "tun0\t0000570A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0",
      "docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0",
      "",
    ].join("\n");
    expect(shown(rangesOfRoutes(text))).toEqual(["10.87.0.0/16 a route of the host through tun0"]);
  });
});

describe("ownRangeProblems", () => {
  const networks = (["internal", "edge", "egress"] as const).map((role, part) => ({
    name: `doom-dev-${role}`,
    labels: { "doom.stack": "dev", "doom.role": role },
    subnets: [`10.87.1.${64 * part}/26`],
  }));
  const problems = (wanted: string, stack = "dev") =>
    ownRangeProblems(stack, cidr(wanted), networks);

  it.each(["10.87.1.0/24", "10.87.2.0/24", "10.99.0.0/16"])(
    "lets an environment have %s, its own or one that is far from it",
    (wanted) => expect(problems(wanted)).toEqual([]),
  );

  it.each([
    ["a larger one around it", "10.87.0.0/22", "10.87.1.0/26", "internal"],
    ["a larger one that begins with it", "10.87.1.0/23", "10.87.1.64/26", "edge"],
  ])("refuses %s, while it runs", (_, wanted, range, role) => {
    expect(problems(wanted)).toEqual([
      expect.stringContaining(
        `${wanted} overlaps ${range}, which its own network doom-dev-${role}`,
      ),
    ]);
    expect(problems(wanted, "prod")).toEqual([]);
  });
});

describe("freeRangeAdvice", () => {
  const used = (...texts: string[]) =>
    texts.map((text) => ({ cidr: cidr(text), usedBy: "others" }));

  it("names the next range of the same size that nothing uses", () => {
    expect(
      freeRangeAdvice("dev", cidr("10.87.0.0/24"), used("10.87.0.128/25", "10.87.1.0/24")),
    ).toBe("set network.cidr in Pulumi.dev.yaml to a free range, such as 10.87.2.0/24");
  });

  it("says that there is none when the pool is exhausted", () => {
    expect(freeRangeAdvice("dev", cidr("10.87.0.0/24"), used("10.0.0.0/8"))).toContain(
      "no range of this size is free in its private network (RFC 1918)",
    );
  });
});

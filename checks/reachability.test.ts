import { describe, expect, it } from "vitest";
import { parseEnvironment } from "../config/schema";
import { declarationOf } from "./declaredContainers";
import { isProven, judge, type ProbeResult } from "./reachability";
import { type Cell, cellsOf, HOST, type Station } from "./reachabilityCells";

const environment = (port: number, changes: Record<string, unknown> = {}) =>
  parseEnvironment({
    schemaVersion: 1,
    resources: { cpus: 1, memory: "512MiB", storage: "1GiB" },
    access: { tier: "local", port },
    network: { cidr: "10.1.0.0/24" },
    logLevel: "info",
    image: { version: "4.139.1" },
    ...changes,
  });

const declarations = [
  declarationOf("dev", environment(8443)),
  declarationOf(
    "prod",
    environment(8445, {
      access: { tier: "full", port: 8445, bindAddress: "192.168.0.9" },
      network: { cidr: "10.2.0.0/24", egress: ["code-server"] },
    }),
  ),
];

function station(stack: string, role: string, networks: Record<string, string>): Station {
  const name = `doom-${stack}-${role}`;
  const attached = Object.entries(networks).map(([network, address]) => [
    `doom-${stack}-${network}`,
    { address, gateway: address.replace(/\d+$/, "1") },
  ]);
  return {
    name,
    stack,
    names: [name],
    networks: Object.fromEntries(attached),
    addresses: Object.values(networks).map((address, index) => ({ address, link: `eth${index}` })),
    listeners: [{ address: "0.0.0.0", port: 8443 }],
    ports: { tcp: 1000, udp: 2000 },
    identity: `id-of-${name}`,
    published: [],
  };
}

const devGateway: Station = {
  ...station("dev", "gateway", { edge: "10.1.0.66", internal: "10.1.0.2" }),
  published: [{ address: "127.0.0.1", port: 8443, protocol: "tcp" }],
};
const devEditor = station("dev", "code-server-1", { internal: "10.1.0.3" });
const prodGateway = station("prod", "gateway", { edge: "10.2.0.66", internal: "10.2.0.2" });
const prodEditor = station("prod", "code-server-1", { internal: "10.2.0.3", egress: "10.2.0.130" });
const host: Station = {
  name: HOST,
  names: [],
  networks: {},
  addresses: [
    { address: "192.168.0.9", link: "eth0" },
    { address: "10.1.0.1", link: "br-1" },
    { address: "fe80::1", link: "br-1" },
  ],
  listeners: [
    { address: "0.0.0.0", port: 22 },
    { address: "10.9.9.9", port: 80 },
  ],
  ports: { tcp: 0, udp: 0 },
  identity: "",
  published: [],
};
const stations = [devEditor, devGateway, prodEditor, prodGateway, host];
const cells = cellsOf({ stations, declarations });

/** What an isolated host answers. */
function isolated({ expected, identity, via, ask }: Cell): ProbeResult {
  if (expected === "open") {
    return { outcome: "OPEN", ...(ask === "nothing" || !identity ? {} : { who: identity }) };
  }
  return { outcome: via === "name" ? "DNS" : "TIMEOUT" };
}

function judged(
  change: (cell: Cell) => ProbeResult | undefined = () => undefined,
  more: Partial<Parameters<typeof judge>[0]> = {},
) {
  const results = cells.map((cell) => change(cell) ?? isolated(cell));
  return judge({ stations, declarations, cells, results, shared: [], ...more });
}

function expectedOf(from: Station, to: string, rest: Partial<Cell>): string[] {
  const found = cells.filter(
    (cell) =>
      cell.from === from.name &&
      cell.to === to &&
      Object.entries(rest).every(([key, value]) => cell[key as keyof Cell] === value),
  );
  return [...new Set(found.map(({ expected }) => expected))];
}

describe("what the declaration implies", () => {
  it("asks for every pair, over TCP and UDP, and for IPv6 names", () => {
    const containers = stations.filter(({ name }) => name !== HOST);
    for (const from of stations)
      for (const { name: to, addresses } of containers) {
        const pair = cells.filter((cell) => cell.from === from.name && cell.to === to);
        for (const { address: target } of addresses)
          for (const protocol of ["tcp", "udp"])
            expect(pair).toContainEqual(
              expect.objectContaining({ via: "address", target, protocol }),
            );
        expect(pair).toContainEqual(expect.objectContaining({ via: "name", family: 6 }));
      }
  });

  it("is open between containers of one network, at the address there only", () => {
    const { name } = devGateway;
    expect(expectedOf(devEditor, name, { target: "10.1.0.2" })).toEqual(["open"]);
    expect(expectedOf(devEditor, name, { target: "10.1.0.66" })).toEqual(["closed"]);
    expect(expectedOf(devEditor, name, { via: "name", family: 4 })).toEqual(["open"]);
    expect(expectedOf(devEditor, name, { via: "name", family: 6 })).toEqual(["closed"]);
  });

  it("is closed to other environments in every way", () => {
    for (const { name } of [prodEditor, prodGateway])
      expect(expectedOf(devEditor, name, { family: 4, via: "address" })).toEqual(["closed"]);
    expect(expectedOf(prodEditor, devEditor.name, {})).toEqual(["closed"]);
  });

  it("is open from the host to containers and to the published port where it is declared", () => {
    expect(expectedOf(host, devEditor.name, { via: "address" })).toEqual(["open"]);
    const door = { via: "published port", protocol: "tcp", port: 8443 } as const;
    expect(expectedOf(host, devGateway.name, { ...door, target: "127.0.0.1" })).toEqual(["open"]);
    expect(expectedOf(host, devGateway.name, { ...door, target: "10.1.0.1" })).toEqual(["closed"]);
    expect(expectedOf(devEditor, devGateway.name, { ...door })).toEqual(["closed"]);
  });

  it("leaves open who inside reaches an address that others are to reach", () => {
    const door = { via: "published port", protocol: "tcp", port: 8445 } as const;
    expect(expectedOf(devEditor, prodGateway.name, { ...door, target: "192.168.0.9" })).toEqual([
      "any",
    ]);
    expect(expectedOf(devEditor, prodGateway.name, { ...door, target: "10.1.0.1" })).toEqual([
      "closed",
    ]);
  });

  it("knows nothing of a container that is not declared, and asks for what it publishes", () => {
    const stray: Station = {
      ...station("dev", "stray", { internal: "10.1.0.9" }),
      published: [{ address: "0.0.0.0", port: 9000, protocol: "tcp" }],
    };
    const asked = cellsOf({ stations: [...stations, stray], declarations });
    const toStray = asked.filter(({ to, from }) => to === stray.name && from === devEditor.name);
    expect(new Set(toStray.map(({ expected }) => expected))).toEqual(new Set(["closed"]));
    expect(toStray).toContainEqual(
      expect.objectContaining({ via: "published port", port: 9000, target: "10.1.0.1" }),
    );
  });

  it("asks what else the host serves before a container, once for each port", () => {
    const services = cells.filter(
      ({ via, from }) => via === "host service" && from === devEditor.name,
    );
    expect(services.map(({ target, port, expected }) => [target, port, expected])).toEqual([
      ["10.1.0.1", 22, "any"],
    ]);
  });

  it("asks for a link-local address on each link that the asking side has", () => {
    const own = cells.filter(
      ({ target, from }) => target.startsWith("fe80") && from === prodEditor.name,
    );
    expect(new Set(own.map(({ target }) => target))).toEqual(
      new Set(["fe80::1%eth0", "fe80::1%eth1"]),
    );
  });
});

describe("the verdict", () => {
  it("is good when all is as declared; what only one container is on, the host controls", () => {
    const result = judged();
    expect(result.problems).toEqual([]);
    expect(isProven(result)).toBe(true);
    expect(result.controls).toContainEqual({
      target: "doom-dev-gateway 10.1.0.2 tcp",
      by: devEditor.name,
    });
    expect(result.controls).toContainEqual({ target: "doom-dev-gateway 10.1.0.66 udp", by: HOST });
    expect(result.controls).toContainEqual({
      target: "doom-dev-gateway 127.0.0.1:8443 tcp",
      by: HOST,
    });
  });

  const between = (from: Station, to: Station, via: Cell["via"]) => (cell: Cell) =>
    cell.from === from.name && cell.to === to.name && cell.via === via && cell.protocol === "tcp";

  it.each<[string, (cell: Cell) => boolean, ProbeResult, string]>([
    [
      "an open address of another environment",
      between(devEditor, prodEditor, "address"),
      { outcome: "OPEN", who: prodEditor.identity },
      "OPEN, declared closed (answered by doom-prod-code-server-1)",
    ],
    [
      "a failed probe, which is not taken for a closed door",
      between(devEditor, prodEditor, "address"),
      { outcome: "ERROR", detail: "EMFILE: too many" },
      "the probe failed: EMFILE: too many",
    ],
    [
      "a name that another environment knows, although nothing is reached",
      between(devEditor, prodEditor, "name"),
      { outcome: "TIMEOUT", resolved: ["10.2.0.3"] },
      "TIMEOUT, and the name is known there; declared unknown",
    ],
    [
      "somebody else's answer",
      between(devEditor, devGateway, "address"),
      { outcome: "OPEN", who: prodGateway.identity },
      "answered by doom-prod-gateway and not by doom-dev-gateway",
    ],
    [
      "an answer without a name",
      between(host, devGateway, "published port"),
      { outcome: "OPEN" },
      "answered by somebody without a name and not by doom-dev-gateway",
    ],
    [
      "a closed door that is declared open",
      between(devEditor, devGateway, "address"),
      { outcome: "REFUSED", detail: "ENETUNREACH" },
      "REFUSED (ENETUNREACH), declared open",
    ],
  ])("is bad for %s", (_, isChanged, answer, problem) => {
    const result = judged((cell) => (isChanged(cell) ? answer : undefined));
    expect(isProven(result)).toBe(false);
    expect(result.problems.map((one) => one.problem)).toContain(problem);
    const [first] = result.problems;
    const pair = result.pairs.find(
      ({ from, to }) => from === first?.cell.from && to === first?.cell.to,
    );
    expect(pair?.asDeclared).toBe(false);
    expect(result.pairs.filter(({ asDeclared }) => !asDeclared)).toHaveLength(1);
  });

  it("takes a name server that knows everything for one that knows nothing", () => {
    const wild: ProbeResult = { outcome: "OPEN", who: "a stranger", resolved: ["203.0.113.1"] };
    const isForeign = between(devEditor, prodEditor, "name");
    expect(isProven(judged((cell) => (isForeign(cell) ? wild : undefined)))).toBe(true);
  });

  it("is bad for a target that nobody reaches, for what does not run, and for what is shared", () => {
    const silent = judged((cell) =>
      cell.to === devEditor.name ? { outcome: "TIMEOUT" } : undefined,
    );
    expect(
      silent.controls.filter(({ by }) => by === undefined).map(({ target }) => target),
    ).toEqual(["doom-dev-code-server-1 10.1.0.3 tcp", "doom-dev-code-server-1 10.1.0.3 udp"]);
    const some = stations.filter(({ name }) => name !== prodEditor.name);
    expect(judged(undefined, { stations: some }).missing).toEqual([prodEditor.name]);
    const shared = [{ kind: "volume" as const, thing: "data", between: ["a", "b"] }];
    for (const result of [
      silent,
      judged(undefined, { stations: some }),
      judged(undefined, { shared }),
    ])
      expect(isProven(result)).toBe(false);
  });

  it("states what the declaration leaves open", () => {
    const open = judged(({ expected }) => (expected === "any" ? { outcome: "OPEN" } : undefined));
    expect(isProven(open)).toBe(true);
    expect(open.exposures.join("\n")).toMatch(
      /^port 22 of the host is open to doom-dev-code-server-1, /m,
    );
    expect(open.exposures.join("\n")).toContain("doom-prod-gateway at 192.168.0.9:8445 is open to");
  });

  it("does not judge a table with holes", () => {
    expect(() => judged(undefined, { results: [] })).toThrow(
      `${cells.length} probes gave 0 results`,
    );
  });
});

import { describe, expect, it } from "vitest";
import { parseEnvironment } from "../config/schema";
import { declarationOf } from "./declaredContainers";
import { type InteropCheck, scoreOf, tasksOf, undeclaredPairs } from "./interop";
import type { Answered } from "./reachability";
import type { Cell } from "./reachabilityCells";

const declaration = (stack: string, changes: Record<string, unknown> = {}) =>
  declarationOf(
    stack,
    parseEnvironment({
      schemaVersion: 1,
      resources: { cpus: 1, memory: "512MiB", storage: "1GiB" },
      access: { tier: "local", port: 8443 },
      network: { cidr: "10.1.0.0/24" },
      logLevel: "info",
      image: { version: "4.139.1" },
      ...changes,
    }),
  );

const waysOf = (from: string, to: string, ...given: Parameters<typeof declaration>) =>
  tasksOf(declaration(...given))
    .filter((task) => task.from === from && task.to === to)
    .map(({ way }) => way);

describe("what has to get on", () => {
  it("is every editor with its gateway, and TLS where the tier has it", () => {
    const two = { instances: 2, access: { tier: "limited", port: 8443 } };
    for (const editor of ["doom-dev-code-server-1", "doom-dev-code-server-2"])
      expect(waysOf("doom-dev-gateway", editor, "dev", two)).toEqual([
        "name",
        "tcp",
        "http",
        "websocket",
        "version",
      ]);
    expect(waysOf("operator", "doom-dev-gateway", "dev", two)).toContain("tls");
    expect(waysOf("operator", "doom-dev-gateway", "dev")).not.toContain("tls");
    expect(waysOf("operator", "docker", "dev")).toEqual(["tcp", "http", "version"]);
  });

  it("is each editor with the files of its own Claude Code, and a tailnet's node with the gateway", () => {
    const all = { instances: 2, claude: { enabled: true }, tailscale: { enabled: true } };
    expect(waysOf("doom-dev-code-server-1", "doom-dev-claude-1", "dev", all)).toEqual(["data"]);
    expect(waysOf("doom-dev-code-server-1", "doom-dev-claude-2", "dev", all)).toEqual([]);
    expect(waysOf("doom-dev-tailscale", "doom-dev-gateway", "dev", all)).toEqual([
      "name",
      "tcp",
      "http",
    ]);
    expect(waysOf("doom-dev-tailscale", "doom-dev-code-server-1", "dev", all)).toEqual([]);
  });
});

describe("undeclared pairs", () => {
  const both = [
    declaration("dev", { claude: { enabled: true } }),
    declaration("prod", { network: { cidr: "10.2.0.0/24" } }),
  ];
  const answer = (from: string, to: string, more: Partial<Cell> = {}, open = false): Answered => ({
    cell: {
      from,
      to,
      via: "address",
      target: "10.0.0.1",
      port: 8443,
      protocol: "tcp",
      family: 4,
      ask: "identity",
      expected: "closed",
      ...more,
    },
    result: { outcome: open ? "OPEN" : "TIMEOUT" },
    ...(open && more.expected !== "open" && more.expected !== "any" ? { problem: "OPEN" } : {}),
  });
  const [dev, prod, claude] = [
    "doom-dev-gateway",
    "doom-prod-gateway",
    "doom-dev-claude-1",
  ] as const;

  it("reach nothing of each other over environments", () => {
    expect(undeclaredPairs(both, [answer(dev, prod), answer(dev, prod)])).toEqual([
      { from: dev, to: prod, probes: 2, problems: [] },
    ]);
    expect(undeclaredPairs(both, [answer(dev, prod, {}, true)])).toEqual([
      { from: dev, to: prod, probes: 1, problems: ["address 10.0.0.1, tcp 8443: OPEN"] },
    ]);
  });

  it("on one network reach each other's address, and must find no service there", () => {
    const known = answer(dev, claude, { expected: "open" }, true);
    const service = { expected: "any", ask: "nothing", port: 3000 } as const;
    expect(undeclaredPairs(both, [known, answer(dev, claude, service)])).toEqual([
      { from: dev, to: claude, probes: 1, problems: [] },
    ]);
    const [pair] = undeclaredPairs(both, [known, answer(dev, claude, service, true)]);
    expect(pair?.problems).toEqual(["address 10.0.0.1, tcp 3000: OPEN"]);
  });

  it("are with strangers, too, and neither with oneself, nor with the host, nor declared", () => {
    const cells = [
      answer(dev, dev),
      answer("host", dev),
      answer(dev, "host"),
      answer(dev, "doom-dev-code-server-1"),
      answer("stranger", dev),
    ];
    expect(undeclaredPairs(both, cells).map(({ from, to }) => [from, to])).toEqual([
      ["stranger", dev],
    ]);
  });
});

describe("the score", () => {
  const check = (passed: boolean) => ({ passed }) as InteropCheck;
  const pair = (...problems: string[]) => ({ from: "a", to: "b", probes: 1, problems });

  it("counts each way of a declared pair, and each undeclared pair", () => {
    const all = { checks: [check(true), check(true)], undeclared: [pair()] };
    expect(scoreOf(all)).toEqual({ passed: 3, total: 3, percent: 100 });
    const some = { checks: [check(true), check(false)], undeclared: [pair("OPEN")] };
    expect(scoreOf(some)).toEqual({ passed: 1, total: 3, percent: 33.3 });
  });

  it("is 100 % only when all of it passed, and 0 when nothing was asked", () => {
    const checks = Array.from({ length: 5000 }, (_, index) => check(index > 0));
    expect(scoreOf({ checks, undeclared: [] }).percent).toBe(99.9);
    expect(scoreOf({ checks: [], undeclared: [] }).percent).toBe(0);
  });
});

import { expect, it } from "vitest";
import type { InteropCheck, Way } from "../../checks/interop";
import { parseRun, renderRun } from "../../report/runRecord";
import { BASE } from "../../test/support/sampleRuns";
import { describeInterop, interopRun } from "./verifyInterop";

const check = (way: Way, passed = true): InteropCheck => ({
  stack: "dev",
  from: "operator",
  to: "doom-dev-gateway",
  parties: ["operator", "gateway"],
  way,
  passed,
  evidence: passed ? "seen" : "TLSv1.1 is spoken",
});
const pair = { from: "doom-dev-gateway", to: "doom-prod-gateway", probes: 7 };
const engineVersion = "20.10.24";

it("is a matrix, and a percentage with its count", () => {
  const proof = { checks: [check("tcp"), check("tls")], undeclared: [{ ...pair, problems: [] }] };
  const { text, exitCode, data } = describeInterop(["dev"], { ...proof, engineVersion });
  expect(text.split("\n")).toEqual([
    "FROM             TO                NAME  TCP  HTTP  WEBSOCKET  TLS  VERSION  DATA",
    "operator of dev  doom-dev-gateway  -     ok   -     -          ok   -        -",
    "undeclared pairs: 1 of 1 reach nothing of each other (7 probes)",
    "dev: 100.0 % interoperable (3 of 3), engine 20.10.24.",
  ]);
  expect(exitCode).toBeUndefined();
  expect(data).toMatchObject({ compatible: true, score: { passed: 3, total: 3 } });
});

it("names what does not work and which other pair does, with a code of its own", () => {
  const proof = {
    checks: [check("tcp"), check("tls", false)],
    undeclared: [{ ...pair, problems: ["address 10.0.0.1, tcp 8443: OPEN", "more"] }],
  };
  const { text, exitCode } = describeInterop(["dev"], { ...proof, engineVersion });
  expect(text).toContain("FAILED: operator to doom-dev-gateway, tls: TLSv1.1 is spoken");
  expect(text).toContain(
    "FAILED: doom-dev-gateway to doom-prod-gateway, an undeclared pair: address 10.0.0.1, tcp 8443: OPEN; and 1 more",
  );
  expect(text).toContain("dev: 33.3 % interoperable (1 of 3)");
  expect(exitCode).toBe(14);
});

it("leaves a record that the report reads, without what was seen", () => {
  const checks = [check("tcp"), check("tls", false)];
  const found = { checks, undeclared: [{ ...pair, problems: ["OPEN"] }], engineVersion };
  const record = { ...BASE, ...interopRun(["dev"], found) };
  expect(parseRun(renderRun(record))).toEqual(record);
  expect(record.checks.map(({ way, passed }) => [way, passed])).toEqual([
    ["tcp", true],
    ["tls", false],
  ]);
  expect(JSON.stringify(record)).not.toContain("TLSv1.1 is spoken");
});

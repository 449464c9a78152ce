import { describe, expect, test } from "vitest";
import { describeProblem, type Finding, isUndecided } from "../checks/rules/facts";
import { runPolicies } from "../test/support/policyRun";
import { DECIDED_KEY } from "./configuration";
import { FIXTURES } from "./fixtures";
import {
  command,
  container,
  type Fixtures,
  gateway,
  isResource,
  network,
  type ResourceSubject,
  remoteImage,
  STACK,
  type Subject,
  volume,
} from "./fixtures/fixture";
import { RULES } from "./rules";
import type { Rule } from "./rules/rule";

/**
 * Every rule on its fixtures. Rules about one resource are asked through their policy, on inputs as an
 * engine hands them over, so that an unknown which throws would be seen.
 */

function findings(rule: Rule, subject: Subject): string[] {
  return isResource(subject) ? throughPolicy(rule, subject) : ofStack(rule, subject);
}

function throughPolicy(rule: Rule, { type, inputs, protect }: ResourceSubject): string[] {
  const reports = runPolicies([{ type, name: "subject", inputs, protect }], { stack: STACK });
  const undecided = `${rule.name} (${rule.levels.prod}) could not decide: subject: `;
  return reports.flatMap(({ policy, message }) => {
    // What is only advised comes as a summary, a line each.
    if (policy === rule.name) return message.replaceAll(/^subject: /gm, "").split("\n");
    if (policy !== DECIDED_KEY || !message.startsWith(undecided)) return [];
    const path = message.slice(undecided.length).replace(/ is known only in the update$/, "");
    return [`undecided: ${path}`];
  });
}

function ofStack(rule: Rule, stack: Exclude<Subject, ResourceSubject>): string[] {
  const describeFinding = (finding: Finding) =>
    isUndecided(finding) ? `undecided: ${finding.undecided}` : describeProblem(finding);
  return (rule.decisions.stack?.(stack, { stack: STACK }) ?? []).map(describeFinding);
}

function fixturesOf(rule: Rule): Fixtures {
  const fixtures = FIXTURES[rule.name];
  if (!fixtures) throw new Error(`${rule.name} has no fixtures`);
  return fixtures;
}

test("every rule has fixtures, and every fixture a rule", () => {
  expect(Object.keys(FIXTURES).sort()).toEqual(RULES.map(({ name }) => name).sort());
});

describe.each(RULES.map((rule) => [rule.name, rule] as const))("%s", (_name, rule) => {
  const { compliant, violating, unknown } = fixturesOf(rule);

  test.each(Object.entries(compliant))("is kept by: %s", (_title, subject) => {
    expect(findings(rule, subject)).toEqual([]);
  });

  test.each(Object.entries(violating))("is broken by: %s", (_title, [subject, ...expected]) => {
    expect(expected.length).toBeGreaterThan(0);
    expect(findings(rule, subject).sort()).toEqual([...expected].sort());
  });

  test.each(Object.entries(unknown))(
    "meets the unknown in: %s",
    (_title, [subject, ...expected]) => {
      expect(findings(rule, subject).sort()).toEqual([...expected].sort());
    },
  );

  test("has each kind of fixture", () => {
    for (const kind of [compliant, violating, unknown])
      expect(Object.keys(kind).length).toBeGreaterThan(0);
  });

  test("is named by type, in kebab case, and described in a sentence", () => {
    expect(rule.name).toMatch(/^(docker|resource|stack)(-[a-z]+)+$/);
    expect(rule.description).toMatch(/^[A-Z].*[^.]\.$/);
    expect(rule.sources.length).toBeGreaterThan(0);
  });
});

test("what the fixtures start from keeps every rule", () => {
  const subjects = { container, gateway, network, remoteImage, volume, command };
  const trials = Object.entries(subjects).map(([name, subject]) => ({ name, ...subject() }));
  const limits = {
    type: "doom-coding:index:ContainerLimits",
    name: "limits",
    inputs: { processes: 512 },
  };
  const limit = {
    ...command({ environment: { DOOM_CONTAINERS: "aa bb", DOOM_PROCESS_LIMIT: "512" } }),
    name: "limits-set",
    parent: "limits",
    propertyDependencies: { environment: ["container", "gateway"] },
  };
  expect(runPolicies([...trials, limits, limit], { stack: STACK })).toEqual([]);
});

test("no problem repeats a value that looks like a secret", () => {
  const canary = "sk-ant-api03-0123456789abcdefghij";
  const everywhere = container({
    name: canary,
    image: canary,
    command: [canary],
    entrypoints: [canary],
    envs: [`X=${canary}`, `TS_ROUTES=${canary}`, `PASSWORD=${canary}`],
    labels: [{ label: "doom.stack", value: canary }],
    networkMode: canary,
    securityOpts: [`seccomp=${canary}`],
    logOpts: { "splunk-token": canary },
    uploads: [{ file: "/x", content: canary }],
  });
  const reports = runPolicies([{ name: "subject", ...everywhere }], { stack: STACK });
  const repeated = reports.filter(({ message }) => message.includes(canary));
  expect(repeated.map(({ policy }) => policy)).toEqual([]);
  expect(reports.length).toBeGreaterThan(8);
});

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UNKNOWN } from "../../checks/rules/facts";
import { FIXTURES } from "../../policy/fixtures";
import {
  command,
  container,
  type Fixtures,
  gateway,
  isResource,
  network,
  remoteImage,
  type Subject,
  volume,
} from "../../policy/fixtures/fixture";
import { RULES } from "../../policy/rules";
import type { Rule } from "../../policy/rules/rule";
import {
  PolicyTrialProject,
  resourcesOf,
  type TrialResource,
  type TrialResult,
} from "../support/policyTrialProject";

/** The pack under the real engine: what it refuses, what it lets pass, what it says of the unknown. */
const project = new PolicyTrialProject();
/** Previews side by side: each waits for its own processes most of the time. */
const SIDE_BY_SIDE = 3;

beforeAll(() => project.start());
afterAll(() => project.dispose());

const fixturesOf = (rule: Rule) => FIXTURES[rule.name] as Fixtures;

function limits(name: string, containers: readonly string[]): TrialResource {
  const type = "doom-coding:index:ContainerLimits";
  return { type, name, inputs: { limit: "512" }, containers };
}

/** One of each kind, all of which keep every rule, and the limit that containers need. */
const COMPLIANT: TrialResource[] = [
  ...Object.entries({ container, gateway, network, remoteImage, volume, command }).map(
    ([name, subject]) => ({ name, ...subject() }),
  ),
  limits("limits", ["container", "gateway"]),
];

/** A fixture as a program; a container on its own gets its limit. */
function programOf(name: string, subject: Subject): TrialResource[] {
  const resources = resourcesOf(name, subject);
  const containers = resources.filter(({ type }) => type.endsWith(":Container"));
  if (!isResource(subject) || containers.length === 0) return resources;
  return [...resources, limits(`${name}-limits`, [name])];
}

/** The configuration that makes a rule ask at all. */
function configurationFor(rule: Rule, subject: Subject): unknown {
  if (isResource(subject) || subject.promotion === undefined) return undefined;
  return { [rule.name]: { record: project.writeJson(subject.promotion) } };
}

/** What the SDK says where an unknown disarms a policy. */
function expectNoSilence({ stdout, stderr }: TrialResult): void {
  expect(`${stdout}${stderr}`).not.toContain("can't run policy");
}

async function sideBySide<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = [...items.entries()];
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift())
      results[next[0]] = await work(next[1]);
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));
  return results;
}

it("lets a program pass that keeps every rule", async () => {
  const result = await project.preview(COMPLIANT);
  expect(result.violations).toEqual([]);
  expect(result.code, result.stdout).toBe(0);
  expectNoSilence(result);
});

describe("refuses, by its name, a small program that breaks", () => {
  const mandatory = RULES.filter(({ levels }) => levels.prod === "mandatory");
  let results: Map<string, TrialResult>;
  beforeAll(async () => {
    const previews = await sideBySide(mandatory, (rule) => {
      const [[subject]] = Object.values(fixturesOf(rule).violating) as [[Subject]];
      return project.preview(programOf("subject", subject), configurationFor(rule, subject));
    });
    results = new Map(mandatory.map(({ name }, index) => [name, previews[index] as TrialResult]));
  });

  it.each(mandatory.map((rule) => [rule.name, rule] as const))("%s", (name, rule) => {
    const result = results.get(name) as TrialResult;
    expect(result.code).not.toBe(0);
    const found = result.violations.filter(({ policy }) => policy === name);
    expect(
      found.map(({ level }) => level),
      result.stdout,
    ).toContain("mandatory");
    expect(found[0]?.text).toContain(rule.description);
    expectNoSilence(result);
  });
});

describe("every way to break a rule of a resource", () => {
  /** What the provider refuses itself, before a policy is asked. */
  const REFUSED_BEFORE = [
    "docker-container-image-digest: left out",
    "docker-container-own-volumes: a kind that nobody knows",
    "resource-allowed-types: a swarm's service",
  ];
  const all = RULES.flatMap((rule) =>
    Object.entries(fixturesOf(rule).violating).map(([title, [subject]], index) => ({
      rule,
      subject,
      title: `${rule.name}: ${title}`,
      name: `${rule.name}-${index}`,
    })),
  ).filter(({ subject }) => isResource(subject));
  const cases = all.filter(({ title }) => !REFUSED_BEFORE.includes(title));
  let result: TrialResult;
  beforeAll(async () => {
    result = await project.preview(
      cases.flatMap(({ name, subject }) => resourcesOf(name, subject)),
    );
  });

  it.each(cases.map((one) => [one.title, one] as const))("%s", (_title, { rule, name }) => {
    const found = result.violations.filter(({ policy }) => policy === rule.name);
    // What is only advised is said once, on the stack, with the names of all resources.
    const named = found.filter(({ resource, text }) => resource === name || text.includes(name));
    expect(named.map(({ level }) => level)).toContain(rule.levels.prod);
  });

  it("and no policy fell silent over them", () => expectNoSilence(result));

  it("but what the provider itself refuses", async () => {
    const refused = all.filter(({ title }) => REFUSED_BEFORE.includes(title));
    expect(refused).toHaveLength(REFUSED_BEFORE.length);
    const results = await sideBySide(refused, ({ name, subject }) =>
      project.preview(resourcesOf(name, subject)),
    );
    for (const { code, stdout } of results) {
      expect(code).not.toBe(0);
      expect(stdout).toContain("has a problem");
    }
  });
});

describe("what a preview does not know", () => {
  it("leaves a rule undecided, which is said, and no other rule silent", async () => {
    const result = await project.preview([
      { name: "open", ...container({ privileged: UNKNOWN, pidMode: "host" }) },
      limits("limits", ["open"]),
    ]);
    expectNoSilence(result);
    expect(result.code).not.toBe(0);
    expect(result.violations.map(({ level, policy }) => `${level} ${policy}`).sort()).toEqual([
      "advisory stack-rules-decided",
      "mandatory docker-container-no-host-namespace",
    ]);
    const [said] = result.violations.filter(({ policy }) => policy === "stack-rules-decided");
    expect(said?.text).toContain(
      "docker-container-no-privileged (mandatory) could not decide: open: privileged is known only in the update",
    );
  });
});

describe("the configuration of the pack", () => {
  const expires = "2999-01-01";
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
  const waiver = { name: "OPS-7", reason: "measuring without", expires: tomorrow };
  const CPUS = "docker-container-cpu-limit";
  const unlimited: TrialResource[] = [
    { name: "unlimited", ...container({ cpus: undefined }) },
    limits("limits", ["unlimited"]),
  ];

  const refused: [string, unknown, string][] = [
    ["an unknown rule", { nonsense: "mandatory" }, "nonsense: unknown rule"],
    ["a rule turned off", { [CPUS]: "disabled" }, `${CPUS}.enforcementLevel: got "disabled"`],
    [
      "a level below the lowest",
      { [CPUS]: "advisory" },
      `${CPUS}.enforcementLevel: got "advisory", below "mandatory"`,
    ],
    ["all rules at once", { all: "advisory" }, "all: name each rule"],
    [
      "a waiver without a reason",
      { [CPUS]: { enforcementLevel: "advisory", waiver: { ...waiver, reason: "" } } },
      `${CPUS}.waiver.reason: missing or empty`,
    ],
    [
      "a waiver past its date",
      { [CPUS]: { enforcementLevel: "advisory", waiver: { ...waiver, expires: "2020-01-01" } } },
      `${CPUS}.waiver.expires: 2020-01-01 is past`,
    ],
    [
      "a waiver without end",
      { [CPUS]: { enforcementLevel: "advisory", waiver: { ...waiver, expires } } },
      `${CPUS}.waiver.expires: ${expires} is more than a year ahead`,
    ],
    [
      "an environment of the wrong type",
      { "policy-configuration": { environment: 3 } },
      "policy-configuration.environment: must be one of dev, staging, prod",
    ],
    // These two the engine refuses itself, before it hands anything over.
    ["a level of the wrong type", { [CPUS]: 3 }, CPUS],
    ["a level that does not exist", { [CPUS]: "strict" }, CPUS],
  ];
  let results: TrialResult[];
  beforeAll(async () => {
    results = await sideBySide(refused, ([, configuration]) =>
      project.preview(COMPLIANT, configuration),
    );
  });

  it.each(refused.map(([title, , problem], index) => [title, problem, index] as const))(
    "refuses %s, with the path of the key",
    (_title, problem, index) => {
      const { code, stdout, stderr } = results[index] as TrialResult;
      expect(code).not.toBe(0);
      expect(`${stdout}${stderr}`).toContain(problem);
      // Before the program started, which registers its stack first of all.
      expect(stdout).not.toContain(" create");
    },
  );

  it("lowers a rule by a waiver, which the preview prints", async () => {
    const configuration = { [CPUS]: { enforcementLevel: "advisory", waiver } };
    const result = await project.preview(unlimited, configuration);
    expect(result.code, result.stdout).toBe(0);
    expect(result.violations.map(({ level, policy }) => `${level} ${policy}`).sort()).toEqual([
      `advisory ${CPUS}`,
      "advisory policy-configuration",
    ]);
    expect(result.stdout).toContain(
      `${CPUS} is waived until ${tomorrow} by "OPS-7": measuring without`,
    );
  });
});

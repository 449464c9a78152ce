import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { ConfigError } from "../config/errors";
import { readConfiguration } from "./configuration";
import { RULES } from "./rules";
import { ENVIRONMENT_LEVELS } from "./rules/rule";

const TODAY = "2026-11-22";
const MEMORY = "docker-container-memory-limit";
const PRIVILEGED = "docker-container-no-privileged";
const WAIVER = { name: "OPS-7", reason: "old kernel until the move", expires: "2026-12-31" };

function read(given: unknown, stack = "somewhere") {
  return readConfiguration(given, { rules: RULES, stack, today: TODAY });
}

/** The levels that differ from prod's. */
function lowered(given: unknown): Record<string, string> {
  const { levels } = read(given);
  return Object.fromEntries(
    RULES.filter((rule) => levels.get(rule.name) !== rule.levels.prod).map(({ name }) => [
      name,
      levels.get(name) as string,
    ]),
  );
}

test("without configuration every stack is held to prod's levels", () => {
  const { environment, levels, waivers } = read({});
  expect(environment).toBe("prod");
  expect(Object.fromEntries(levels)).toEqual(
    Object.fromEntries(RULES.map((rule) => [rule.name, rule.levels.prod])),
  );
  expect(waivers).toEqual([]);
});

describe("the files in policy/config", () => {
  const folder = path.join(__dirname, "config");

  test.each(ENVIRONMENT_LEVELS)("%s.json gives each rule its lowest level", (level) => {
    const given = JSON.parse(readFileSync(path.join(folder, `${level}.json`), "utf8"));
    const { environment, levels } = read(given, level);
    expect(environment).toBe(level);
    expect(Object.fromEntries(levels)).toEqual(
      Object.fromEntries(RULES.map((rule) => [rule.name, rule.levels[level]])),
    );
  });
});

describe("a waiver", () => {
  const waived = { [PRIVILEGED]: { enforcementLevel: "advisory", waiver: WAIVER } };

  test("lowers its rule and is kept to be printed", () => {
    expect(lowered(waived)).toEqual({ [PRIVILEGED]: "advisory" });
    expect(read(waived).waivers).toEqual([{ rule: PRIVILEGED, ...WAIVER }]);
  });

  test.each(["2026-11-22", "2027-11-23"])("holds up to and on its last day (%s)", (expires) => {
    const given = {
      [PRIVILEGED]: { enforcementLevel: "advisory", waiver: { ...WAIVER, expires } },
    };
    expect(read(given).waivers).toHaveLength(1);
  });

  const broken: [string, unknown, string][] = [
    ["no map", "please", ".waiver: must be a map with name, reason and expires"],
    [
      "no name",
      { ...WAIVER, name: undefined },
      ".waiver.name: missing or empty; a waiver says who knows of it and why",
    ],
    [
      "a blank reason",
      { ...WAIVER, reason: "  " },
      ".waiver.reason: missing or empty; a waiver says who knows of it and why",
    ],
    [
      "no date",
      { ...WAIVER, expires: undefined },
      ".waiver.expires: must be the last day that it holds, as YYYY-MM-DD",
    ],
    [
      "a date that does not exist",
      { ...WAIVER, expires: "2027-02-30" },
      ".waiver.expires: must be the last day that it holds, as YYYY-MM-DD",
    ],
    [
      "another spelling of a date",
      { ...WAIVER, expires: "31.12.2026" },
      ".waiver.expires: must be the last day that it holds, as YYYY-MM-DD",
    ],
    [
      "a day that is past",
      { ...WAIVER, expires: "2026-11-21" },
      ".waiver.expires: 2026-11-21 is past; put right what it waived, or renew it",
    ],
    [
      "no end in sight",
      { ...WAIVER, expires: "2099-01-01" },
      ".waiver.expires: 2099-01-01 is more than a year ahead",
    ],
    [
      "a key that nobody reads",
      { ...WAIVER, by: "me" },
      ".waiver.by: unknown key; nothing reads it",
    ],
  ];

  test.each(broken)("is refused with %s", (_title, waiver, problem) => {
    const given = { [PRIVILEGED]: { enforcementLevel: "advisory", waiver } };
    expect(() => read(given)).toThrow(new ConfigError([`${PRIVILEGED}${problem}`]));
  });

  test("is refused where it waives nothing", () => {
    expect(() => read({ [PRIVILEGED]: { waiver: WAIVER } })).toThrow(
      `${PRIVILEGED}.waiver: waives nothing, since the level is "mandatory"`,
    );
  });
});

describe("is refused", () => {
  const cases: [string, unknown, string][] = [
    ["no map", [], "policy configuration: must be a map of rules"],
    [
      "an unknown rule",
      { "docker-container-no-privilege": "mandatory" },
      "docker-container-no-privilege: unknown rule; docs/security.md lists the rules",
    ],
    [
      "a rule that every object has",
      JSON.parse('{"__proto__": "advisory"}'),
      "__proto__: unknown rule; docs/security.md lists the rules",
    ],
    [
      "one level for all rules",
      { all: "advisory" },
      "all: name each rule; one level for all of them hides which it lowers",
    ],
    [
      "a level below the lowest",
      { [PRIVILEGED]: "advisory" },
      `${PRIVILEGED}.enforcementLevel: got "advisory", below "mandatory", the lowest for prod; raise it, or add a waiver with name, reason and expires`,
    ],
    [
      "a level that is low enough for dev only",
      { "policy-configuration": { environment: "staging" }, [MEMORY]: "advisory" },
      `${MEMORY}.enforcementLevel: got "advisory", below "mandatory", the lowest for staging; raise it, or add a waiver with name, reason and expires`,
    ],
    [
      "a rule that is turned off",
      { [PRIVILEGED]: { enforcementLevel: "disabled", waiver: WAIVER } },
      `${PRIVILEGED}.enforcementLevel: got "disabled"; allowed: advisory, mandatory`,
    ],
    [
      "a rule that is to put things right itself",
      { [PRIVILEGED]: "remediate" },
      `${PRIVILEGED}.enforcementLevel: got "remediate"; allowed: advisory, mandatory`,
    ],
    [
      "a level of another type",
      { [PRIVILEGED]: { enforcementLevel: 3 } },
      `${PRIVILEGED}.enforcementLevel: got a number; allowed: advisory, mandatory`,
    ],
    [
      "a rule of another type",
      { [PRIVILEGED]: true },
      `${PRIVILEGED}: must be a level (advisory, mandatory) or a map`,
    ],
    [
      "a setting that nobody reads",
      { [PRIVILEGED]: { except: "gateway" } },
      `${PRIVILEGED}.except: unknown key; nothing reads it`,
    ],
    [
      "an unknown environment",
      { "policy-configuration": { environment: "test" } },
      "policy-configuration.environment: must be one of dev, staging, prod",
    ],
    [
      "an unknown setting of the pack",
      { "policy-configuration": { env: "dev" } },
      "policy-configuration.env: unknown key; nothing reads it",
    ],
    [
      "undecided rules that nobody hears of",
      { "stack-rules-decided": "disabled" },
      'stack-rules-decided.enforcementLevel: got "disabled"; allowed: advisory, mandatory',
    ],
    [
      "a promotion record that is no path",
      { "stack-promoted-images": { record: 7 } },
      "stack-promoted-images.record: must be the path of a file",
    ],
  ];

  test.each(cases)("%s", (_title, given, problem) => {
    expect(() => read(given)).toThrow(new ConfigError([problem]));
  });

  test("a level below that of the stack's own name", () => {
    const given = { "policy-configuration": { environment: "dev" } };
    expect(() => read(given, "prod")).toThrow(
      'policy-configuration.environment: got "dev" for the stack prod, which is stricter by its name',
    );
    expect(read(given, "prod-like").environment).toBe("dev");
  });

  test("with every problem at once", () => {
    expect(() => read({ a: "mandatory", b: "mandatory" })).toThrow(/^Invalid configuration, 2 /);
  });
});

test("a stricter level is always taken", () => {
  const rule = "docker-container-read-only-root";
  expect(lowered({ [rule]: "mandatory" })).toEqual({ [rule]: "mandatory" });
});

test("a promotion record is demanded by naming its file", () => {
  const given = { "stack-promoted-images": { record: "records/prod.json" } };
  expect(read(given).promotionRecord).toBe("records/prod.json");
  expect(read({}).promotionRecord).toBeUndefined();
});

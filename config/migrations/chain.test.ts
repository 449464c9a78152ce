import { describe, expect, test } from "vitest";
import { SCHEMA_VERSION } from "../schemaVersion";
import { Chain } from "./chain";
import { CHAIN, ENV_CHAIN, schemaName } from "./index";
import { type Configuration, Draft, type Step } from "./step";

const NOTHING: Configuration = { settings: new Map(), secrets: new Map() };

function step<From extends string, To extends string>(
  from: From,
  to: To,
  forward: (draft: Draft) => void = (draft) => draft.add(`${from}${to}`, true, "test"),
): Step<From, To> {
  return { from, to, title: `${from} to ${to}`, forward, cannotCarryBack: [] };
}

describe("a chain", () => {
  const chain = Chain.from("a").next(step("a", "b")).next(step("b", "c")).next(step("c", "d"));

  test.each([
    ["a", ["ab", "bc", "cd"]],
    ["b", ["bc", "cd"]],
    ["d", []],
  ])("takes every step that is left from %s", (version, keys) => {
    const { configuration, taken } = chain.migrate(NOTHING, version);
    expect([...configuration.settings.keys()]).toEqual(keys);
    expect(taken.map(({ step: { from, to } }) => `${from}${to}`)).toEqual(keys);
  });

  test("does not begin at a version that it does not know", () => {
    expect(() => chain.migrate(NOTHING, "e")).toThrow("e is none of a, b, c, d");
  });

  test("has no gap: the compiler refuses it, and so does the chain", () => {
    // @ts-expect-error the step does not begin where the chain ends
    expect(() => Chain.from("a").next(step("b", "c"))).toThrow(
      "the step from b to c does not begin at a",
    );
  });

  test("has no step twice", () => {
    // @ts-expect-error the chain has left a behind
    expect(() => Chain.from("a").next(step("a", "b")).next(step("a", "b"))).toThrow(
      "the step from a to b does not begin at b",
    );
  });

  test("has its steps in their order", () => {
    // @ts-expect-error the second step comes first
    expect(() => Chain.from("a").next(step("b", "c")).next(step("a", "b"))).toThrow(
      "the step from b to c does not begin at a",
    );
  });

  test("does not lead back", () => {
    expect(() => Chain.from("a").next(step("a", "b")).next(step("b", "a"))).toThrow(
      "the step from b leads back to a",
    );
  });

  test("is not changed by a longer one that begins with it", () => {
    const short = Chain.from("a").next(step("a", "b"));
    short.next(step("b", "c"));
    expect([short.end, short.versions]).toEqual(["b", ["a", "b"]]);
  });

  test("leaves the configuration that it was given as it was", () => {
    const given = { settings: new Map([["x", 1]]), secrets: new Map([["y", "z"]]) };
    const rename = step("a", "b", (draft) => {
      draft.rename("x", "u");
      draft.drop("y", "test");
    });
    Chain.from("a").next(rename).migrate(given, "a");
    expect(given).toEqual({ settings: new Map([["x", 1]]), secrets: new Map([["y", "z"]]) });
  });
});

describe("a draft", () => {
  const draft = () =>
    new Draft({
      settings: new Map([
        ["a", 1],
        ["b", 2],
      ]),
      secrets: new Map([["s", "x"]]),
    });

  test("keeps what is there when a default is added", () => {
    const it = draft();
    it.add("a", 9, "test");
    expect(it.result.configuration.settings.get("a")).toBe(1);
    expect(it.result.changes).toEqual([]);
  });

  test("keeps what is there when something else is renamed to it, and says so", () => {
    const it = draft();
    it.rename("a", "b");
    expect(it.result.configuration.settings).toEqual(new Map([["b", 2]]));
    expect(it.result.changes).toEqual([{ kind: "dropped", key: "a", reason: "b is set already" }]);
  });

  test("records each thing that leaves", () => {
    const it = draft();
    it.rename("a", "c", (value) => Number(value) + 1);
    it.renameSecret("s", "t");
    it.drop("b", "because");
    it.drop("missing", "because");
    it.rename("missing", "d");
    expect(it.result).toEqual({
      configuration: { settings: new Map([["c", 2]]), secrets: new Map([["t", "x"]]) },
      changes: [
        { kind: "renamed", key: "a", to: "c" },
        { kind: "renamed", key: "s", to: "t" },
        { kind: "dropped", key: "b", reason: "because" },
      ],
    });
  });
});

describe("the chain of this project", () => {
  test("leads from the first .env through every schema to the current one", () => {
    const schemas = Array.from({ length: SCHEMA_VERSION + 1 }, (_, version) => schemaName(version));
    expect(CHAIN.versions).toEqual(["env 1", "env 2", "env 3", "env 4", ...schemas]);
    expect(ENV_CHAIN.versions).toEqual(["env 1", "env 2", "env 3", "env 4"]);
  });

  test.each(CHAIN.steps)("$from to $to says what a way back would lose", (it) => {
    expect(it.cannotCarryBack.length).toBeGreaterThan(0);
    for (const { key, reason } of it.cannotCarryBack) {
      expect(key).toMatch(/^[\w:.-]+$/);
      expect(reason).toMatch(/^[a-z].*[^.]$/);
    }
  });

  test.each(CHAIN.steps)("$from to $to does the same to the same configuration", (it) => {
    const given: Configuration = {
      settings: new Map([
        ["PUID", "1"],
        ["TZ", "UTC"],
        ["TS_ACCEPT_DNS", "true"],
      ]),
      secrets: new Map([["CODE_SERVER_PASSWORD", "x"]]),
    };
    const [first, second] = [new Draft(given), new Draft(given)];
    it.forward(first);
    it.forward(second);
    expect(first.result).toEqual(second.result);
  });
});

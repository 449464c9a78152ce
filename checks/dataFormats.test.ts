import { expect, it } from "vitest";
import { environmentProblems, environmentText, formatProblems } from "./dataFormats";

const variables = {
  QUOTES: `it's "quoted" \`so\``,
  EQUALS: "=a=b=",
  DOLLAR: "$HOME $PATH $$ $(id) %PATH%",
  HASH: "# no comment #",
  LINES: "one\ntwo\r\n\nlast\n",
  UMLAUT: "Grüße, 日本語, 🦊, e\u0301",
  BACKSLASH: "\\n \\",
  SPACES: "  in front and behind\t",
  NOT_FALSE: "no",
  NOT_A_NUMBER: "0x1F",
  EMPTY: "",
};

it("a configuration with odd values is the same in YAML, JSON and an environment", () => {
  const environment = {
    instances: 2,
    list: ["no", "010", null],
    resources: { cpus: 0.5 },
    variables,
  };
  expect(formatProblems({ environment, variables })).toEqual([]);
});

it.each([
  [{ lost: undefined }, "not the same in JSON"],
  [{ lost: Number.NaN }, "not the same in JSON"],
  [{ lost: new Date(0) }, "not the same in YAML"],
])("what a format cannot hold is noticed: %j", (environment, problem) => {
  expect(formatProblems({ environment, variables: {} })).toContain(problem);
});

it("variables that arrive otherwise, or do not, are named without their values", () => {
  const block = environmentText({ ...variables, LINES: "one", DOLLAR: "/root" }).replace(
    "HASH=",
    "H=",
  );
  expect(environmentProblems(variables, block)).toEqual([
    "DOLLAR arrived as something else",
    "HASH did not arrive",
    "LINES arrived as something else",
  ]);
});

import { describe, expect, it } from "vitest";
import { compareLimits, parseControlGroup } from "./limitsProof";

const half = { cpus: 0.5, memoryMebibytes: 512, processes: 2048 };

describe("parseControlGroup", () => {
  it.each([
    ["version 1", "536870912\n50000 100000\n2048\n"],
    ["version 2, which has the same form", "536870912\n100000 200000\n2048\n"],
  ])("reads %s", (_name, text) => expect(parseControlGroup(text)).toEqual(half));

  it.each([
    ["version 1", "9223372036854771712\n-1 100000\nmax\n"],
    ["version 2", "max\nmax 100000\nmax\n"],
  ])("knows no limit in %s", (_name, text) => {
    const none = { cpus: undefined, memoryMebibytes: undefined, processes: undefined };
    expect(parseControlGroup(text)).toEqual(none);
  });

  it.each(["", "1\n", "a\n1 1\n1\n", "1\n1 1\n1\n1\n"])("refuses %j", (text) => {
    expect(() => parseControlGroup(text)).toThrow("no control group");
  });
});

describe("compareLimits", () => {
  const rows = (engine: object, kernel: object) =>
    compareLimits("a", {
      wanted: half,
      engine: { ...half, ...engine },
      kernel: { ...half, ...kernel },
    })
      .filter(({ holds }) => !holds)
      .map(({ limit }) => limit);

  it("finds nothing where all three are the same", () => expect(rows({}, {})).toEqual([]));

  it.each([
    ["the engine has another one", { cpus: 0.75 }, {}],
    ["the kernel has another one", {}, { cpus: 0.75 }],
    ["both have another one", { cpus: 1 }, { cpus: 1 }],
    ["there is none", { cpus: undefined }, { cpus: undefined }],
  ])("says so when %s", (_name, engine, kernel) => {
    expect(rows(engine, kernel)).toEqual(["cpus"]);
  });
});

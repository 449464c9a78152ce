import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { serviceOf } from "./upgradeServices";
import { targetOf, withTarget } from "./upgradeTarget";

const service = serviceOf("code-server");
const ID = `sha256:${"a".repeat(64)}`;

describe("what is asked for", () => {
  it.each([
    [{}, { version: "4.139.1" }],
    [{ to: "4.136.2" }, { version: "4.136.2" }],
    [{ image: ID }, { reference: ID }],
    [{ image: `example.org/team/editor@${ID}` }, { reference: `example.org/team/editor@${ID}` }],
  ])("%j is %j", (options, expected) => {
    expect(targetOf(service, options)).toEqual(expected);
  });

  it.each([
    [{ to: "4.139.2" }, '--to is "4.139.2", which nobody has tried.\nFix: allowed: one of 4.133.0'],
    [{ to: "" }, '--to is ""'],
    [{ to: "latest" }, '--to is "latest"'],
    [{ image: "code-server:4.139.1" }, "may mean another image tomorrow"],
    [{ image: ID.slice(0, -1) }, "64 hex digits"],
    [{ image: `-rf@${ID}` }, "may mean another image"],
    [{ to: "4.139.1", image: ID }, "two different things"],
  ])("%j is refused", (options, message) => {
    expect(() => targetOf(service, options)).toThrow(message);
  });

  it("names the services that there are", () => {
    expect(() => serviceOf("mail")).toThrow("the services are code-server");
  });
});

describe("the stack's file", () => {
  const FILE = `# mine
config:
  doom-coding:environment:
    schemaVersion: 1
    image:
      version: 4.133.0 # tried
    logLevel: debug
encryptionsalt: v1:x
`;

  it("gets another version, and nothing else in it changes", () => {
    expect(withTarget(FILE, service, { version: "4.139.1" })).toBe(
      FILE.replace("4.133.0", "4.139.1"),
    );
    expect(withTarget(FILE, service, { version: "4.133.0" })).toBe(FILE);
  });

  it("gets an image in place of the version, and a version in place of the image", () => {
    const text = withTarget(FILE, service, { reference: ID });
    expect(parse(text).config["doom-coding:environment"]).toEqual({
      schemaVersion: 1,
      image: { reference: ID },
      logLevel: "debug",
    });
    expect(text).toContain("# mine");
    const back = withTarget(text, service, { version: "4.139.1" });
    expect(parse(back).config["doom-coding:environment"].image).toEqual({ version: "4.139.1" });
  });
});

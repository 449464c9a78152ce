import { describe, expect, it } from "vitest";
import { judgeJoining, parseTailnetStatus } from "./tailnet";

describe("parseTailnetStatus", () => {
  it("reads who the node is, and what is wrong", () => {
    const text = JSON.stringify({
      BackendState: "Running",
      Health: ["slow"],
      HaveNodeKey: true,
      Self: { ID: "7", DNSName: "doom-dev.tail.example.", TailscaleIPs: ["100.64.0.1"] },
    });
    expect(parseTailnetStatus(text)).toEqual({
      state: "Running",
      complaints: ["slow"],
      id: "7",
      name: "doom-dev.tail.example",
      addresses: ["100.64.0.1"],
      hasIdentity: true,
    });
  });

  it("reads a node before its first login", () => {
    const text = '{"BackendState":"NeedsLogin","Health":null,"Self":{"ID":"","DNSName":""}}';
    expect(parseTailnetStatus(text)).toEqual({
      state: "NeedsLogin",
      complaints: [],
      addresses: [],
      hasIdentity: false,
    });
  });

  it.each(["{}", '{"BackendState":1}', "not running"])("refuses %s", (text) => {
    expect(() => parseTailnetStatus(text)).toThrow();
  });
});

describe("judgeJoining", () => {
  const loggedOut = "You are logged out. The last login error was: ";

  it.each([
    ["Running", [], true, "joined"],
    ["Running", ["a warning"], false, "joined"],
    ["NeedsLogin", [], false, "waiting"],
    ["NeedsLogin", [], true, "underway"],
    ["NeedsLogin", ["You are logged out."], true, "underway"],
    ["Starting", [`${loggedOut}dial tcp: connection refused`], true, "underway"],
    ["NeedsLogin", [`${loggedOut}invalid key: API key not valid`], true, "refused"],
    ["NeedsLogin", [`${loggedOut}register request: http 401: AuthKey expired`], true, "refused"],
    ["NeedsLogin", [`${loggedOut}register request: http 502: bad gateway`], true, "underway"],
    ["NeedsMachineAuth", [], true, "refused"],
    ["Stopped", [], false, "underway"],
  ] as const)("%s with %j, given a key: %s, is %s", (state, complaints, hasKey, kind) => {
    expect(judgeJoining({ state, complaints, addresses: [], hasIdentity: true }, hasKey).kind).toBe(
      kind,
    );
  });

  it("gives the control server's own words", () => {
    const complaints = ["a warning", `${loggedOut}invalid key: used up`];
    expect(
      judgeJoining({ state: "NeedsLogin", complaints, addresses: [], hasIdentity: true }, true),
    ).toEqual({
      kind: "refused",
      reason: "invalid key: used up",
    });
  });
});

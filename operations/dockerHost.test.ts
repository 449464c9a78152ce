import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { dockerAddress, dockerFailure, isDockerLocal, isDockerLost } from "./dockerHost";
import { Failure } from "./failure";

describe("dockerAddress", () => {
  it("follows DOCKER_HOST and knows a remote one", () => {
    expect(dockerAddress({})).toBe("unix:///var/run/docker.sock");
    expect(isDockerLocal({})).toBe(true);
    expect(isDockerLocal({ DOCKER_HOST: "tcp://10.0.0.5:2376" })).toBe(false);
    expect(isDockerLocal({ DOCKER_HOST: "unix:///run/user/1000/docker.sock" })).toBe(true);
  });
});

describe("dockerFailure", () => {
  beforeEach(() => vi.stubEnv("DOCKER_HOST", ""));
  afterEach(() => vi.unstubAllEnvs());

  const error = (code: string) => Object.assign(new Error("technical"), { code });

  it.each([
    ["ENOENT", "Docker is not running: nothing answers on unix:///var/run/docker.sock."],
    ["ECONNREFUSED", "Docker is not running: nothing answers on unix:///var/run/docker.sock."],
    ["EACCES", "You may not use Docker: unix:///var/run/docker.sock refuses you."],
    [
      "ETIMEDOUT",
      "Docker on unix:///var/run/docker.sock does not answer within 15 s, or broke off.",
    ],
    ["EWEIRD", "Docker on unix:///var/run/docker.sock: technical."],
  ])("explains %s with a fix", (code, summary) => {
    const failure = dockerFailure(error(code));
    expect(failure.kind).toBe("preflight");
    expect(failure.summary).toBe(summary);
    expect(failure.fix).toBeTruthy();
  });

  it("leaves an explained failure as it is", () => {
    const failure = new Failure("state", "x");
    expect(dockerFailure(failure)).toBe(failure);
  });
});

describe("isDockerLost", () => {
  it.each([
    ["a connection that is refused", { code: "ECONNREFUSED", syscall: "connect" }],
    ["one that breaks off", { code: "ECONNRESET" }],
    ["silence", { code: "ESOCKETTIMEDOUT" }],
  ])("tells %s", (_, error) => expect(isDockerLost(error)).toBe(true));

  it.each([
    ["an answer of the engine's", { statusCode: 409 }],
    ["a missing file", { code: "ENOENT", syscall: "open" }],
    ["a failure that is explained already", new Failure("preflight", "x")],
  ])("is not taken in by %s", (_, error) => expect(isDockerLost(error)).toBe(false));
});

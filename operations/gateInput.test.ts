import { describe, expect, test } from "vitest";
import { parseGateInput } from "./gateInput";

const GOOD = {
  container: "doom-dev-code-server-1",
  loginHash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA",
  extensions: ["acme.one@1.0.0"],
};
const parse = (changes: object) => parseGateInput(JSON.stringify({ ...GOOD, ...changes }));

test("takes what is complete, with defaults for the times", () => {
  expect(parse({})).toEqual({ ...GOOD, timeoutSeconds: 120, uptimeSeconds: 10 });
  expect(parse({ timeoutSeconds: 5, uptimeSeconds: 0 })).toMatchObject({
    timeoutSeconds: 5,
    uptimeSeconds: 0,
  });
});

describe("refuses", () => {
  test.each([
    [{ container: "--privileged" }, 'gate.container: got "--privileged"; allowed: the name or ID'],
    [{ container: undefined }, "gate.container: missing; needed: the name or ID of a container"],
    [{ extensions: ["acme.one"] }, 'gate.extensions[0]: got "acme.one"; allowed: publisher.name'],
    [{ extensions: undefined }, "gate.extensions: missing; needed: a list of publisher.name"],
    [{ timeoutSeconds: 0 }, "gate.timeoutSeconds: got 0 (number); allowed: a number of seconds"],
    [{ uptimeSeconds: "10" }, 'gate.uptimeSeconds: got "10"; allowed: a number of seconds'],
    [{ password: "x" }, "gate.password: unknown key; nothing reads it"],
    [{ loginHash: undefined }, "gate.loginHash: must be an Argon2 hash"],
    [{ loginHash: "" }, "gate.loginHash: must be an Argon2 hash"],
  ])("%j", (changes, problem) => {
    expect(() => parse(changes)).toThrow(problem);
  });

  test.each(["", "[]", "null", '{"loginHash": "hunter2-hunter2"'])("%j as a whole", (json) => {
    expect(() => parseGateInput(json)).toThrow(
      /^Invalid configuration: gate: must be a JSON object$/,
    );
  });

  test.each(["hunter2-hunter2", "$argon2id$hunter2-hunter2 "])("the secret %s unseen", (secret) => {
    expect(() => parse({ loginHash: secret, container: 3 })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("hunter2") }),
    );
  });
});

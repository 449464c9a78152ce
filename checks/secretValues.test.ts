import { describe, expect, it } from "vitest";
import { secretFingerprint } from "./secretFingerprint";
import {
  isInForce,
  isUndecided,
  parseSecretValues,
  passwordInForce,
  type SecretValues,
} from "./secretValues";

const sealed = (value: unknown) => ({
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  plaintext: JSON.stringify(value),
});
const generated = (name: string, stdout: unknown) => ({
  urn: `urn:pulumi:dev::doom-coding::a$command:local:Command::environment-${name}-generate`,
  type: "command:local:Command",
  outputs: { stdout },
});
const exported = (...resources: object[]) => JSON.stringify({ deployment: { resources } });

const made = { password: "canary new", hash: "$argon2id$canary-new" };
const root = {
  urn: "urn::stack",
  type: "pulumi:pulumi:Stack",
  outputs: { url: "http://x/", passwords: sealed({ "1": "canary old" }) },
};

describe("parseSecretValues", () => {
  it("reads passwords, certificate and what was given out last", () => {
    const text = exported(
      root,
      generated("code-server-1-password", sealed(JSON.stringify(made))),
      generated("gateway-certificate", sealed("PEM")),
    );
    expect(parseSecretValues(text)).toEqual({
      passwords: new Map([["code-server-1", made]]),
      published: new Map([["code-server-1", "canary old"]]),
      certificate: "PEM",
    });
  });

  it("finds nothing in a stack that was never up, or whose generator failed", () => {
    const nothing = { passwords: new Map(), published: new Map() };
    expect(parseSecretValues('{"deployment":{}}')).toEqual(nothing);
    expect(parseSecretValues(exported(generated("code-server-1-password", undefined)))).toEqual(
      nothing,
    );
  });

  it.each([
    ["canary cut off", "the exported state is not JSON"],
    [
      exported(generated("code-server-1-password", sealed("canary"))),
      "the secret code-server-1 is not JSON",
    ],
    [
      exported(generated("code-server-1-password", { ...sealed(""), plaintext: "canary" })),
      "a secret of the state is not JSON",
    ],
  ])("repeats nothing of what it cannot read", (text, message) => {
    expect(() => parseSecretValues(text)).toThrow(new Error(message));
  });
});

describe("the password in force", () => {
  const file = (hash: string) => `/run/x/code-server-1-hashed-password-${secretFingerprint(hash)}`;
  const values = (published: string | undefined): SecretValues => ({
    passwords: new Map([["code-server-1", made]]),
    published: new Map(published === undefined ? [] : [["code-server-1", published]]),
    certificate: "PEM",
  });

  it.each([
    ["the only one", "canary new", undefined, "canary new"],
    ["the new one, once its container runs with it", "canary old", file(made.hash), "canary new"],
    ["the old one, as long as its container runs", "canary old", file("old"), "canary old"],
    ["the new one, when no container runs", "canary old", undefined, "canary new"],
    ["the new one, before the first run came to its end", undefined, file("x"), "canary new"],
  ])("is %s", (_what, published, mounted, password) => {
    expect(passwordInForce(values(published), "code-server-1", mounted)).toBe(password);
  });

  it("does not exist for an editor that was never made", () => {
    expect(passwordInForce(values(undefined), "code-server-2", undefined)).toBeUndefined();
  });

  it("is in doubt only where two differ", () => {
    const doubts = ["canary old", "canary new", undefined].map((published) =>
      isUndecided(values(published), "code-server-1"),
    );
    expect(doubts).toEqual([true, false, false]);
  });

  it("is known by the file that is mounted, the certificate too", () => {
    const all = values("x");
    expect(isInForce(all, "code-server-1", file(made.hash))).toBe(true);
    expect(isInForce(all, "code-server-1", file("old"))).toBe(false);
    expect(isInForce(all, "certificate", `gateway.pem-${secretFingerprint("PEM")}`)).toBe(true);
    expect(isInForce(all, "certificate", file(made.hash))).toBe(false);
    expect(isInForce(all, "code-server-2", file(made.hash))).toBe(false);
  });
});

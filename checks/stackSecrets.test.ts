import { describe, expect, test } from "vitest";
import { stackSecrets } from "./stackSecrets";

/** As `pulumi stack export --show-secrets` writes a secret. */
function secret(value: unknown) {
  return {
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
    plaintext: JSON.stringify(value),
  };
}

function resource(name: string, fields: object) {
  return { urn: `urn:pulumi:dev::doom-coding::command:local:Command::${name}`, ...fields };
}

function secretsOf(resources: object[], more: object = {}) {
  const found = stackSecrets({
    deployment: { resources, ...more },
    config: {},
    passphrase: undefined,
  });
  return found.map(({ name, value }) => [name, value]);
}

describe("stackSecrets", () => {
  test("takes what is marked secret, and nothing else", () => {
    const outputs = {
      stdout: secret("hidden"),
      id: "public",
      list: ["public", secret("in a list")],
    };
    expect(secretsOf([resource("one", { outputs })])).toEqual([
      ["stdout of one", "hidden"],
      ["list.1 of one", "in a list"],
    ]);
  });

  test("takes every text of a document that is a secret as a whole", () => {
    const stdout = secret('{"password":"hidden","hash":"$argon2id$x","n":[1,{"deep":"text"}]}');
    expect(secretsOf([resource("one", { outputs: { stdout } })])).toEqual([
      ["stdout.password of one", "hidden"],
      ["stdout.hash of one", "$argon2id$x"],
      ["stdout.n.0 of one", "1"],
      ["stdout.n.1.deep of one", "text"],
    ]);
  });

  test("takes a value that only looks like a document as it is", () => {
    expect(secretsOf([resource("one", { inputs: { text: secret("{not JSON") } })])).toEqual([
      ["text of one", "{not JSON"],
    ]);
  });

  test("takes each value once, and no empty one", () => {
    const outputs = { stdout: secret("hidden"), stderr: secret("") };
    const inputs = { environment: { DOOM_SECRET: secret("hidden") } };
    expect(secretsOf([resource("one", { inputs, outputs })])).toEqual([
      ["stdout of one", "hidden"],
    ]);
  });

  test("keeps two values that go by one name", () => {
    const both = { inputs: { key: secret("new") }, outputs: { key: secret("old") } };
    expect(secretsOf([resource("one", both)])).toEqual([
      ["key of one", "old"],
      ["key of one", "new"],
    ]);
  });

  test("takes what an interrupted run was about to make", () => {
    const pending = [{ resource: resource("two", { inputs: { key: secret("hidden") } }) }];
    expect(secretsOf([], { pending_operations: pending })).toEqual([["key of two", "hidden"]]);
  });

  test("takes the passphrase and the secrets of the configuration", () => {
    const config = {
      "doom-coding:secrets": { value: '{"code-server-1":"hidden"}', secret: true },
      "doom-coding:environment": { value: '{"schemaVersion":1}', secret: false },
    };
    expect(stackSecrets({ deployment: {}, config, passphrase: "a phrase" })).toEqual([
      { name: "the passphrase", value: "a phrase" },
      { name: "doom-coding:secrets.code-server-1", value: "hidden" },
    ]);
  });
});

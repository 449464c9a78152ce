import * as pulumi from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import {
  allRequestsSent,
  registered,
  secretContent,
  settled,
  startMocks,
} from "../test/support/mocks";
import { Secret } from "./secret";

/**
 * The mocked generator prints in plain text, as a provider does. Not proven here: that the engine
 * encrypts what is marked secret; the stack tests search the exported state.
 */

const CANARY = "canary-printed-by-the-generator";

async function run<T>(build: () => T) {
  const recorder = await startMocks("dev", { stdout: () => CANARY });
  const component = build();
  await allRequestsSent();
  return { recorder, component };
}

describe("a secret", () => {
  test.each(["secretGenerate", "certificateGenerate"] as const)(
    "is made by %s",
    async (generator) => {
      const { recorder } = await run(() => new Secret("secret", { generator }));
      expect(recorder.registrations.map(({ type, name }) => `${type} ${name}`)).toEqual([
        "doom-coding:index:Secret secret",
        "command:local:Command secret-generate",
      ]);
      expect(registered(recorder, "secret-generate").inputs).toEqual({
        create: `node bin/operations/${generator}.js`,
        environment: {},
        logging: "none",
      });
    },
  );

  test("is protected, hidden in the state, and not made again for a reworded command", async () => {
    const { recorder } = await run(() => new Secret("secret", { generator: "secretGenerate" }));
    expect(registered(recorder, "secret-generate").options).toMatchObject({
      protect: true,
      additionalSecretOutputs: ["stdout", "stderr"],
      ignoreChanges: ["create"],
    });
  });

  test("comes out as a secret", async () => {
    const { component } = await run(() => new Secret("secret", { generator: "secretGenerate" }));
    expect(await settled(component.value)).toEqual({ value: CANARY, secret: true });
  });

  test("does not show what the generator was given", async () => {
    const environment = { DOOM_GIVEN_PASSWORD: pulumi.secret("canary-given") };
    const { recorder } = await run(
      () => new Secret("secret", { generator: "secretGenerate", environment }),
    );
    expect(registered(recorder, "secret").inputs).toEqual({});
    const given = registered(recorder, "secret-generate").inputs.environment;
    expect(secretContent((given as Record<string, unknown>).DOOM_GIVEN_PASSWORD)).toBe(
      "canary-given",
    );
  });
});

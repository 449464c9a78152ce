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
      const { recorder } = await run(() => new Secret("secret", { generator, keep: true }));
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

  test.each([true, false])(
    "is hidden in the state, not made again for a reworded command, and protected: %s",
    async (keep) => {
      const { recorder } = await run(
        () => new Secret("secret", { generator: "secretGenerate", keep }),
      );
      const { options } = registered(recorder, "secret-generate");
      expect(options).toMatchObject({
        additionalSecretOutputs: ["stdout", "stderr"],
        ignoreChanges: ["create"],
      });
      expect(options.protect ?? false).toBe(keep);
    },
  );

  test.each([
    [0, { GIVEN: "x" }],
    [3, { GIVEN: "x", DOOM_ROTATION: "3" }],
  ])("made anew %i times: its generator sees a change only then", async (rotation, environment) => {
    const { recorder } = await run(
      () =>
        new Secret("secret", {
          generator: "secretGenerate",
          environment: { GIVEN: "x" },
          rotation,
          keep: true,
        }),
    );
    expect(registered(recorder, "secret-generate").inputs.environment).toEqual(environment);
  });

  test("that is frozen is not made anew for what its generator would read now", async () => {
    const { recorder } = await run(
      () => new Secret("secret", { generator: "secretGenerate", keep: true, frozen: true }),
    );
    expect(registered(recorder, "secret-generate").options.ignoreChanges).toEqual([
      "create",
      "environment",
    ]);
  });

  test("comes out as a secret", async () => {
    const { component } = await run(
      () => new Secret("secret", { generator: "secretGenerate", keep: true }),
    );
    expect(await settled(component.value)).toEqual({ value: CANARY, secret: true });
  });

  test("does not show what the generator was given", async () => {
    const environment = { DOOM_GIVEN_PASSWORD: pulumi.secret("canary-given") };
    const { recorder } = await run(
      () => new Secret("secret", { generator: "secretGenerate", environment, keep: true }),
    );
    expect(registered(recorder, "secret").inputs).toEqual({});
    const given = registered(recorder, "secret-generate").inputs.environment;
    expect(secretContent((given as Record<string, unknown>).DOOM_GIVEN_PASSWORD)).toBe(
      "canary-given",
    );
  });
});

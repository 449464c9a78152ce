import * as pulumi from "@pulumi/pulumi";
import { expect, test, vi } from "vitest";
import { type InstallerEnvFile, installerEnvs } from "../../test/support/installerEnvs";
import {
  allRequestsSent,
  isSecretValue,
  type Recorder,
  registered,
  startMocks,
} from "../../test/support/mocks";
import { unflatten } from "../flatSettings";
import { planConfiguration } from "./plan";

/**
 * Every form of the installer's .env through the whole program, as Pulumi starts it, with a mocked engine. One of
 * them becomes a real environment in test/stack/configMigration.test.ts.
 */

vi.mock("../../operations/preflight", () => ({
  preflight: async () => ({
    base: { name: "doom-coding/base:x", id: `sha256:${"1".repeat(64)}` },
    capacity: [],
    upgrades: [],
  }),
}));

async function deploy({ text }: InstallerEnvFile): Promise<Recorder> {
  const env = { name: ".env", bytes: new TextEncoder().encode(text) };
  const { document, secrets } = planConfiguration({
    stackFile: undefined,
    env,
    freeRange: (proposed) => proposed,
  });
  const recorder = await startMocks("dev", {
    stdout: () => JSON.stringify({ password: "generated", hash: "$argon2id$generated" }),
  });
  pulumi.runtime.setAllConfig(
    {
      "doom-coding:environment": JSON.stringify(unflatten(document.settings)),
      "doom-coding:secrets": JSON.stringify(Object.fromEntries(secrets)),
    },
    ["doom-coding:secrets"],
  );
  vi.resetModules();
  const { default: main } = await import("../../index.js");
  await main();
  await allRequestsSent();
  return recorder;
}

test.each(installerEnvs)("$title deploys as what it meant", async (form) => {
  const recorder = await deploy(form);
  const editor = registered(recorder, "environment-code-server-1-container").inputs;
  for (const [name, value] of Object.entries(form.meant))
    expect(editor.envs).toContain(`${name}=${value}`);
  const gateway = registered(recorder, "environment-gateway-container").inputs;
  expect(gateway.ports).toEqual([
    { internal: 8443, external: form.port, ip: "127.0.0.1", protocol: "tcp" },
  ]);
  const { environment } = registered(
    recorder,
    "environment-code-server-1-password-generate",
  ).inputs;
  const { DOOM_GIVEN_PASSWORD } = environment as Record<string, unknown>;
  expect(isSecretValue(DOOM_GIVEN_PASSWORD) && DOOM_GIVEN_PASSWORD.value).toBe(form.password);
});

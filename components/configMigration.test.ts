import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { environmentArgs } from "../test/support/environments";
import {
  allRequestsSent,
  type Registration,
  registered,
  settled,
  startMocks,
} from "../test/support/mocks";
import { ConfigMigration } from "./configMigration";

/** Not proven here: that the command finds an old file; operations/configMigration.test.ts runs it. */

const REPORT = '{"file":"Pulumi.dev.yaml","schema":"schema 1"}';

async function check(changes: Record<string, unknown> = {}): Promise<Registration> {
  const recorder = await startMocks("dev", { stdout: () => REPORT });
  const { config } = environmentArgs(changes);
  const component = new ConfigMigration("configuration", { stack: "dev", config });
  await allRequestsSent();
  expect(await settled(component.report)).toEqual({ value: REPORT, secret: false });
  return registered(recorder, "configuration-check");
}

test("one command looks at the file of the stack", async () => {
  const { config } = environmentArgs();
  const hash = createHash("sha256").update(JSON.stringify(config)).digest("hex");
  expect((await check()).inputs).toEqual({
    create: "node bin/operations/configMigration.js check",
    environment: { DOOM_STACK: "dev" },
    triggers: [hash],
  });
});

test("it runs again for another configuration, and only for one", async () => {
  const { triggers } = (await check()).inputs;
  expect((await check()).inputs.triggers).toEqual(triggers);
  expect((await check({ logLevel: "info" })).inputs.triggers).not.toEqual(triggers);
});

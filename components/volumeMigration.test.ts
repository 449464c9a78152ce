import { expect, test } from "vitest";
import { allRequestsSent, registered, settled, startMocks } from "../test/support/mocks";
import { VolumeMigration } from "./volumeMigration";

/** Not proven here: that the data arrives; test/stack/environmentChanges.test.ts seeds a real editor. */

const REPORT = '{"changed":true}';

test("one command copies, and is told who may be copied to whom", async () => {
  const recorder = await startMocks("dev", { stdout: () => REPORT });
  const component = new VolumeMigration("seed", {
    stack: "dev",
    volume: "old",
    target: "doom-dev-data-1",
    acrossEnvironments: false,
  });
  await allRequestsSent();
  expect(await settled(component.report)).toEqual({ value: REPORT, secret: false });
  expect(recorder.registrations.map(({ name }) => name)).toEqual(["seed", "seed-copy"]);
  expect(registered(recorder, "seed-copy").inputs).toEqual({
    create: "node bin/operations/volumeSeed.js",
    environment: {
      DOOM_STACK: "dev",
      DOOM_SEED_VOLUME: "old",
      DOOM_SEED_TARGET: "doom-dev-data-1",
      DOOM_SEED_ACROSS_ENVIRONMENTS: "false",
    },
  });
});

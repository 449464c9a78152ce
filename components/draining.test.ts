import { expect, test } from "vitest";
import { allRequestsSent, registered, startMocks } from "../test/support/mocks";
import { Draining } from "./draining";

/** Not proven here: that HAProxy does it; test/stack/scaling.test.ts looks. */

test("a new gateway is told nothing, one that is there the number of editors", async () => {
  const recorder = await startMocks("dev");
  new Draining("draining", { stack: "dev", instances: 3, gateway: "0123abc" });
  await allRequestsSent();
  expect(registered(recorder, "draining-set").inputs).toEqual({
    create: "true",
    update: "node bin/operations/draining.js",
    environment: { DOOM_STACK: "dev", DOOM_INSTANCES: "3" },
    triggers: ["0123abc"],
  });
});

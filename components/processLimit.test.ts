import { expect, test } from "vitest";
import { allRequestsSent, registered, startMocks } from "../test/support/mocks";
import { ProcessLimit } from "./processLimit";

/** Not proven here: that the engine enforces it; see operations/processLimit.ts and test/stack. */

test("sets the limit of one container, and anew for another container", async () => {
  const recorder = await startMocks("dev");
  new ProcessLimit("limit", { container: "0123abc", processes: 512 });
  await allRequestsSent();
  expect(registered(recorder, "limit-set").inputs).toEqual({
    create: "node bin/operations/processLimit.js",
    environment: { DOOM_CONTAINER: "0123abc", DOOM_PROCESS_LIMIT: "512" },
    triggers: ["0123abc"],
  });
});

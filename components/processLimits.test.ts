import { expect, test } from "vitest";
import { allRequestsSent, registered, startMocks } from "../test/support/mocks";
import { ProcessLimits } from "./processLimits";

/** Not proven here: that the engine enforces it; test/stack/processLimits.test.ts asks the kernel. */

test("one command limits all containers, and runs anew when one of them is another", async () => {
  const recorder = await startMocks("dev");
  new ProcessLimits("limits", { containers: ["0123abc", "4567def"], processes: 512 });
  await allRequestsSent();
  expect(registered(recorder, "limits-set").inputs).toEqual({
    create: "node bin/operations/processLimits.js",
    environment: { DOOM_CONTAINERS: "0123abc 4567def", DOOM_PROCESS_LIMIT: "512" },
    triggers: ["0123abc 4567def"],
  });
});

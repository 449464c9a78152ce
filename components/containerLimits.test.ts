import { expect, test } from "vitest";
import { allRequestsSent, registered, startMocks } from "../test/support/mocks";
import { ContainerLimits } from "./containerLimits";

/** Not proven here: that the engine enforces them; test/stack/containerLimits.test.ts asks the kernel. */

test("one command limits all containers, and runs anew when one of them is another", async () => {
  const recorder = await startMocks("dev");
  const containers = [
    { id: "0123abc", cpus: 0.5 },
    { id: "4567def", cpus: 2 },
  ];
  new ContainerLimits("limits", { containers, processes: 512 });
  await allRequestsSent();
  expect(registered(recorder, "limits-set").inputs).toEqual({
    create: "node bin/operations/containerLimits.js",
    environment: {
      DOOM_CONTAINERS: "0123abc 4567def",
      DOOM_CPUS: "0.5 2",
      DOOM_PROCESS_LIMIT: "512",
    },
    triggers: ["0123abc 4567def"],
  });
});

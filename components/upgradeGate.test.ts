import { expect, test } from "vitest";
import { environmentArgs } from "../test/support/environments";
import { allRequestsSent, mockImageId, registered, startMocks } from "../test/support/mocks";
import { Environment } from "./environment";

/** Not proven here: what the commands do; test/stack/upgrade*.test.ts runs them. */

const NAME = "environment-code-server-2";

async function environment(counts: readonly number[]) {
  const attempts = new Map(counts.map((count, at) => [`code-server-${at + 1}`, count]));
  const stdout = (name: string) =>
    name.includes("password") ? JSON.stringify({ password: "p", hash: "h" }) : "";
  const recorder = await startMocks("dev", { stdout });
  new Environment("environment", { ...environmentArgs({ instances: 2 }), attempts });
  await allRequestsSent();
  return recorder;
}

test("one command an editor looks again for another image and for another attempt", async () => {
  const image = mockImageId("doom-coding/code-server:4.139.1-c0dec0dec0de");
  const { inputs, options } = registered(await environment([0, 3]), `${NAME}-upgrade-pass`);
  expect(inputs).toEqual({
    create: "node bin/operations/upgradeGate.js",
    environment: {
      DOOM_STACK: "dev",
      DOOM_SERVICE: "code-server",
      DOOM_INSTANCE: "2",
      DOOM_IMAGE: image,
      DOOM_ATTEMPT: "3",
    },
    triggers: [image, "3"],
  });
  expect(options.createTimeout).toBe("4h");
});

test("the container waits for its own gate, and the verification for all containers", async () => {
  const recorder = await environment([0, 0]);
  const gates = registered(recorder, `${NAME}-container`).options.dependencies.filter((name) =>
    name.endsWith("-upgrade-pass"),
  );
  expect(gates).toEqual([`command:local:Command::${NAME}-upgrade-pass`]);
  const { inputs, propertyDependencies } = registered(recorder, "environment-verification-verify");
  expect(propertyDependencies.triggers).toEqual([
    "docker:index/container:Container::environment-code-server-1-container",
    "docker:index/container:Container::environment-code-server-2-container",
    "docker:index/container:Container::environment-gateway-container",
  ]);
  expect(inputs.environment).toEqual({ DOOM_STACK: "dev" });
  expect((inputs.triggers as string[])[2]).toBe("0 0");
});

import { expect, test } from "vitest";
import { allRequestsSent, settled, startMocks } from "../test/support/mocks";
import { Volume } from "./volume";

/**
 * Protection and retention are read from the request that the engine gets. Not proven here: that the
 * engine refuses and the data stays; the stack tests destroy a stack and look at its volumes.
 */

test("a volume is named, labelled, protected and retained", async () => {
  const recorder = await startMocks("prod");
  const component = new Volume("data", { stack: "prod", index: 3 });
  await allRequestsSent();
  expect(recorder.registrations.map(({ type, name }) => `${type} ${name}`)).toEqual([
    "doom-coding:index:Volume data",
    "docker:index/volume:Volume data-volume",
  ]);
  const volume = recorder.registrations[1];
  expect(volume?.inputs).toEqual({
    name: "doom-prod-data-3",
    driver: "local",
    labels: [
      { label: "doom.instance", value: "3" },
      { label: "doom.role", value: "data" },
      { label: "doom.schema", value: "1" },
      { label: "doom.stack", value: "prod" },
    ],
  });
  expect(volume?.options).toMatchObject({
    protect: true,
    retainOnDelete: true,
    // It would delete the data before its successor exists.
    deleteBeforeReplace: false,
  });
  expect((await settled(component.dockerName)).value).toBe("doom-prod-data-3");
});

test("the one volume of a service has its role and no number", async () => {
  const recorder = await startMocks("prod");
  new Volume("state", { stack: "prod", role: "tailscale" });
  await allRequestsSent();
  expect(recorder.registrations[1]?.inputs).toMatchObject({
    name: "doom-prod-tailscale",
    labels: [
      { label: "doom.role", value: "tailscale" },
      { label: "doom.schema", value: "1" },
      { label: "doom.stack", value: "prod" },
    ],
  });
});

import * as pulumi from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import { SecretSearch } from "../checks/secretSearch";
import {
  canaryOutput,
  canaryPassword,
  canaryPem,
  environmentArgs,
} from "../test/support/environments";
import { environment, IMAGE_ID, LIMITED, REFERENCE } from "../test/support/mockedEnvironment";
import {
  allRequestsSent,
  isSecretValue,
  mockImageId,
  plainTexts,
  registered,
  settled,
  startMocks,
  unknownPaths,
} from "../test/support/mocks";
import { Environment } from "./environment";

/** Parts of an environment: networks, secrets, images. Which resources there are: environment.test.ts. */

describe("networks", () => {
  test.each([
    [undefined, ["doom-dev-internal"]],
    [[], ["doom-dev-internal"]],
    [["code-server"], ["doom-dev-internal", "doom-dev-egress"]],
    [
      ["claude", "tailscale", "code-server"],
      ["doom-dev-internal", "doom-dev-egress"],
    ],
  ])("egress %j puts the editors on %j", async (egress, expected) => {
    const network = { cidr: "10.87.0.0/24", ...(egress === undefined ? {} : { egress }) };
    const { recorder } = await environment({ instances: 2, network });
    for (const index of [1, 2]) {
      const alias = `doom-dev-code-server-${index}`;
      expect(
        registered(recorder, `environment-code-server-${index}-container`).inputs.networksAdvanced,
      ).toEqual(expected.map((name) => ({ name, aliases: [alias] })));
    }
  });

  test("the gateway joins edge and internal, never egress", async () => {
    const network = { cidr: "10.87.0.0/24", egress: ["code-server"] };
    const { recorder } = await environment({ network });
    expect(registered(recorder, "environment-gateway-container").inputs.networksAdvanced).toEqual([
      { name: "doom-dev-edge" },
      { name: "doom-dev-internal" },
    ]);
  });

  test("the range is split into quarters: internal, edge, egress, and one kept free", async () => {
    const { component } = await environment({ network: { cidr: "172.16.4.0/22" } });
    const { internal, edge, egress } = component.networks;
    expect([internal, edge, egress].map(({ cidr }) => cidr)).toEqual([
      "172.16.4.0/24",
      "172.16.5.0/24",
      "172.16.6.0/24",
    ]);
  });
});

describe("secrets", () => {
  const given = "canary password that the user set";

  async function withSecrets() {
    const run = await environment(
      { instances: 2, ...LIMITED },
      new Map([["code-server-2", pulumi.secret(given)]]),
    );
    const names = [1, 2].map((index) => `environment-code-server-${index}-password-generate`);
    const generated = names.map(canaryPassword);
    const search = new SecretSearch([
      { name: "given password", value: given },
      { name: "key", value: canaryPem("environment-gateway-certificate-generate") },
      {
        name: "snapshots",
        value: canaryPassword("environment-snapshots-password-generate").password,
      },
      ...generated.flatMap(({ password, hash }, position) => [
        { name: `password ${position + 1}`, value: password },
        { name: `hash ${position + 1}`, value: hash },
      ]),
    ]);
    return { ...run, search, generated };
  }

  test("stand in no plain input or output of any resource, in no encoding", async () => {
    const { recorder, search } = await withSecrets();
    const values: [string, unknown][] = [
      ...recorder.registrations.map(({ name, inputs }): [string, unknown] => [name, inputs]),
      ...recorder.outputs,
    ];
    expect(values.length).toBeGreaterThan(30);
    for (const [name, value] of values)
      expect(search.findIn(plainTexts(value).join("\n")), name).toEqual([]);
  });

  test("are looked for in the right place: a plain copy of each would be found", async () => {
    const { recorder, search } = await withSecrets();
    const found = search.findIn(JSON.stringify(recorder.registrations));
    for (const name of ["given password", "key, line 1", "hash 1", "hash 2"])
      expect(found.map(({ secret }) => secret)).toContain(name);
  });

  test("reach the generator marked secret, and only that of their own editor", async () => {
    const { recorder } = await withSecrets();
    const [first, second] = [1, 2].map(
      (index) =>
        registered(recorder, `environment-code-server-${index}-password-generate`).inputs
          .environment,
    );
    expect(first).toEqual({});
    const { DOOM_GIVEN_PASSWORD, ...rest } = second as Record<string, unknown>;
    expect(rest).toEqual({});
    expect(isSecretValue(DOOM_GIVEN_PASSWORD) && DOOM_GIVEN_PASSWORD.value).toBe(given);
  });

  test("are made anew one by one: only the named generator sees a change", async () => {
    const recorder = await startMocks("dev", { stdout: canaryOutput });
    const args = environmentArgs({ instances: 2, ...LIMITED });
    const rotations = new Map([
      ["code-server-2", 1],
      ["certificate", 3],
    ]);
    new Environment("environment", { ...args, rotations });
    await allRequestsSent();
    const seen = ["code-server-1-password", "code-server-2-password", "gateway-certificate"].map(
      (name) => registered(recorder, `environment-${name}-generate`).inputs.environment,
    );
    expect(seen).toEqual([
      {},
      { DOOM_ROTATION: "1" },
      { DOOM_ROTATION: "3", DOOM_CERTIFICATE_NAMES: "127.0.0.1,localhost" },
    ]);
  });

  test("come out by the number of the instance, as a whole secret", async () => {
    const { component, generated } = await withSecrets();
    expect(await settled(component.passwords)).toEqual({
      value: { "1": generated[0]?.password, "2": generated[1]?.password },
      secret: true,
    });
  });

  test("open the snapshots with one of their own, which outlives the environment like the data", async () => {
    const { component, recorder } = await withSecrets();
    const generate = registered(recorder, "environment-snapshots-password-generate");
    expect(generate.options.protect).toBe(true);
    expect(await settled(component.snapshotPassword)).toEqual({
      value: canaryPassword("environment-snapshots-password-generate").password,
      secret: true,
    });
  });

  test("leave the other outputs readable", async () => {
    const { component } = await withSecrets();
    const image = mockImageId("doom-coding/code-server:4.139.1-c0dec0dec0de");
    const instance = (index: number) => ({
      index,
      container: `doom-dev-code-server-${index}`,
      volume: `doom-dev-data-${index}`,
      image,
    });
    expect(await settled(component.instances)).toEqual({
      value: [instance(1), instance(2)],
      secret: false,
    });
    expect(await settled(component.volumes)).toEqual({
      value: ["doom-dev-data-1", "doom-dev-data-2"],
      secret: false,
    });
    expect(await settled(component.imageDigests)).toEqual({
      value: { codeServer: image, gateway: mockImageId("doom-coding/gateway:1-9a7e9a7e9a7e") },
      secret: false,
    });
  });
});

describe("images", () => {
  test("the gateway waits for the editors' image, not for the editors", async () => {
    const { recorder } = await environment({ instances: 2 });
    const { dependencies } = registered(recorder, "environment-gateway-container").options;
    expect(dependencies).toContain(
      "docker:index/remoteImage:RemoteImage::environment-code-server-image-image",
    );
    expect(dependencies.filter((name) => name.includes(":Container::"))).toEqual([]);
  });

  test.each([
    ["an image ID runs as it is", IMAGE_ID, IMAGE_ID],
    ["a digest runs as what it was pulled to", REFERENCE, mockImageId(REFERENCE)],
  ])("%s", async (_title, reference, running) => {
    const { recorder } = await environment({ instances: 2, image: { reference } });
    for (const index of [1, 2])
      expect(registered(recorder, `environment-code-server-${index}-container`).inputs.image).toBe(
        running,
      );
  });
});

describe("the first preview", () => {
  test("knows all but the image and the paths of secret files: on an unknown a policy cannot refuse", async () => {
    const { recorder } = await environment({ instances: 2, ...LIMITED }, new Map(), true);
    const unknown = recorder.registrations
      .filter(({ type }) => type.startsWith("docker:"))
      .flatMap(({ name, inputs }) => unknownPaths(inputs).map((path) => `${name}: ${path}`));
    expect(unknown.sort()).toEqual([
      "environment-code-server-1-container: image",
      "environment-code-server-1-container: mounts[1].source",
      "environment-code-server-2-container: image",
      "environment-code-server-2-container: mounts[1].source",
      "environment-gateway-container: image",
      "environment-gateway-container: mounts[0].source",
    ]);
  });
});

test("what breaks a rule is refused by the program itself, whoever gave it", async () => {
  await startMocks("dev", { stdout: canaryOutput });
  const args = environmentArgs();
  // As a caller that goes round the schema, which refuses this name, too.
  const config = { ...args.config, variables: { DOCKER_MODS: "somebody/mod:latest" } };
  expect(() => new Environment("environment", { ...args, config })).toThrow(
    /environment-code-server-1-container: .*\(docker-container-no-root-code\)/,
  );
  await allRequestsSent();
});

import * as pulumi from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import { SecretSearch } from "../checks/secretSearch";
import {
  canaryOutput,
  canaryPassword,
  canaryPem,
  environmentArgs,
} from "../test/support/environments";
import {
  allRequestsSent,
  isSecretValue,
  mockImageId,
  plainTexts,
  type Recorder,
  type Registration,
  registered,
  settled,
  startMocks,
  unknownPaths,
} from "../test/support/mocks";
import { Environment } from "./environment";

/** Not proven here: that the containers start, and that Docker and the engine keep to what is asked. */

async function environment(
  changes: Record<string, unknown> = {},
  secrets: ReadonlyMap<string, pulumi.Output<string>> = new Map(),
  preview = false,
): Promise<{ recorder: Recorder; component: Environment }> {
  const recorder = await startMocks("dev", { stdout: canaryOutput, preview });
  const component = new Environment("environment", { ...environmentArgs(changes), secrets });
  await allRequestsSent();
  return { recorder, component };
}

/** `type name` of every resource, sorted: the engine is free in the order. */
function listed({ registrations }: Recorder): string[] {
  return registrations.map(({ type, name }) => `${type} ${name}`).sort();
}

function containers({ registrations }: Recorder): Registration[] {
  return registrations.filter(({ type }) => type === "docker:index/container:Container");
}

const SHARED = [
  "command:local:Command environment-configuration-check",
  "command:local:Command environment-process-limits-set",
  "command:local:Command environment-snapshots-password-generate",
  "command:local:Command environment-verification-verify",
  "docker:index/container:Container environment-gateway-container",
  "docker:index/network:Network environment-edge-network",
  "docker:index/network:Network environment-egress-network",
  "docker:index/network:Network environment-internal-network",
  "docker:index/remoteImage:RemoteImage environment-gateway-image-image",
  "doom-coding:index:ConfigMigration environment-configuration",
  "doom-coding:index:Environment environment",
  "doom-coding:index:Gateway environment-gateway",
  "doom-coding:index:Image environment-code-server-image",
  "doom-coding:index:Image environment-gateway-image",
  "doom-coding:index:Network environment-edge",
  "doom-coding:index:Network environment-egress",
  "doom-coding:index:Network environment-internal",
  "doom-coding:index:ProcessLimits environment-process-limits",
  "doom-coding:index:Secret environment-snapshots-password",
  "doom-coding:index:Verification environment-verification",
];

const BUILT = ["docker:index/remoteImage:RemoteImage environment-code-server-image-image"];

const CERTIFICATE = [
  "command:local:Command environment-gateway-certificate-file-write",
  "command:local:Command environment-gateway-certificate-generate",
  "doom-coding:index:Secret environment-gateway-certificate",
  "doom-coding:index:SecretFile environment-gateway-certificate-file",
];

function editor(index: number): string[] {
  const name = `environment-code-server-${index}`;
  return [
    `command:local:Command ${name}-hash-write`,
    `command:local:Command ${name}-password-generate`,
    `command:local:Command ${name}-upgrade-pass`,
    `docker:index/container:Container ${name}-container`,
    `docker:index/volume:Volume ${name}-data-volume`,
    `doom-coding:index:CodeServer ${name}`,
    `doom-coding:index:Secret ${name}-password`,
    `doom-coding:index:SecretFile ${name}-hash`,
    `doom-coding:index:UpgradeGate ${name}-upgrade`,
    `doom-coding:index:Volume ${name}-data`,
  ];
}

const REFERENCE = `lscr.io/linuxserver/code-server@sha256:${"ab".repeat(32)}`;
const IMAGE_ID = `sha256:${"cd".repeat(32)}`;
const LIMITED = { access: { tier: "limited", port: 8444 } };
const FULL = { access: { tier: "full", port: 8445, bindAddress: "192.0.2.10" } };

describe("registers exactly", () => {
  test.each([
    ["one editor over plain HTTP in the tier local", {}, [...BUILT, ...editor(1)]],
    ["three editors", { instances: 3 }, [...BUILT, ...editor(1), ...editor(2), ...editor(3)]],
    ["a certificate in the tier limited", LIMITED, [...BUILT, ...CERTIFICATE, ...editor(1)]],
    ["a certificate in the tier full", FULL, [...BUILT, ...CERTIFICATE, ...editor(1)]],
    [
      "a pulled image instead of a build",
      { image: { reference: REFERENCE } },
      [...BUILT, ...editor(1)],
    ],
    ["no image resource for the ID of a local one", { image: { reference: IMAGE_ID } }, editor(1)],
  ])("%s", async (_title, changes, expected) => {
    const { recorder } = await environment(changes);
    expect(listed(recorder)).toEqual([...SHARED, ...expected].sort());
  });
});

test("every resource but the environment has a parent among the components", async () => {
  const { recorder } = await environment({ instances: 2, ...LIMITED });
  const components = new Set(
    recorder.registrations
      .filter(({ type }) => type.startsWith("doom-coding:"))
      .map(({ type, name }) => `${type}::${name}`),
  );
  for (const { name, parent } of recorder.registrations) {
    if (name === "environment") expect(parent).toBeUndefined();
    else expect(components).toContain(parent);
  }
});

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

describe("a node in a tailnet", () => {
  const ENABLED = { tailscale: { enabled: true } };
  const NODE = [
    "command:local:Command environment-tailscale-join",
    "command:local:Command environment-tailscale-upgrade-pass",
    "docker:index/container:Container environment-tailscale-container",
    "docker:index/remoteImage:RemoteImage environment-tailscale-image-image",
    "docker:index/volume:Volume environment-tailscale-state-volume",
    "doom-coding:index:Image environment-tailscale-image",
    "doom-coding:index:Tailscale environment-tailscale",
    "doom-coding:index:UpgradeGate environment-tailscale-upgrade",
    "doom-coding:index:Volume environment-tailscale-state",
  ];
  const settings = ({ inputs }: Registration) => inputs.envs as string[];

  test("is there when it is enabled, with its own volume, behind no network but edge", async () => {
    const { recorder } = await environment({ ...LIMITED, ...ENABLED });
    const all = [...SHARED, ...BUILT, ...CERTIFICATE, ...editor(1), ...NODE];
    expect(listed(recorder)).toEqual(all.sort());
    const { inputs } = registered(recorder, "environment-tailscale-container");
    expect(inputs.networksAdvanced).toEqual([{ name: "doom-dev-edge" }]);
    const volume = registered(recorder, "environment-tailscale-state-volume");
    expect(volume.inputs.name).toBe("doom-dev-tailscale");
    expect(volume.options).toMatchObject({ protect: true, retainOnDelete: true });
  });

  test.each([
    ["local", {}, ""],
    ["limited", LIMITED, "doom-dev-gateway:8443"],
    ["full", FULL, "doom-dev-gateway:8443"],
  ])("in the tier %s it serves the gateway or nothing", async (_tier, access, target) => {
    const { recorder } = await environment({ ...access, ...ENABLED });
    const container = registered(recorder, "environment-tailscale-container");
    expect(settings(container)).toContain(`TS_SERVE_TARGET=${target}`);
  });

  test("gives the certificate its name", async () => {
    const tailscale = { enabled: true, hostname: "my-editor" };
    const { recorder } = await environment({ ...LIMITED, tailscale });
    const { inputs } = registered(recorder, "environment-gateway-certificate-generate");
    expect(inputs.environment).toMatchObject({
      DOOM_CERTIFICATE_NAMES: "127.0.0.1,localhost,my-editor",
    });
    const container = registered(recorder, "environment-tailscale-container");
    expect(settings(container)).toContain("TS_HOSTNAME=my-editor");
  });

  test("that is taken away leaves its volume", async () => {
    const recorder = await startMocks("dev", { stdout: canaryOutput });
    new Environment("environment", { ...environmentArgs(), hadTailscale: true });
    await allRequestsSent();
    expect(listed(recorder).filter((line) => line.includes("tailscale"))).toEqual([
      "docker:index/volume:Volume environment-tailscale-state-volume",
      "doom-coding:index:Volume environment-tailscale-state",
    ]);
  });
});

describe("published ports", () => {
  test.each([
    ["local", { access: { tier: "local", port: 8443 } }, "127.0.0.1", 8443, "http"],
    ["limited", LIMITED, "127.0.0.1", 8444, "https"],
    ["full", FULL, "192.0.2.10", 8445, "https"],
  ])("tier %s: only the gateway, on its address", async (_tier, changes, ip, external, scheme) => {
    const { recorder, component } = await environment({ instances: 3, ...changes });
    const published = containers(recorder).filter(({ inputs }) => "ports" in inputs);
    expect(published.map(({ name, inputs }) => [name, inputs.ports])).toEqual([
      ["environment-gateway-container", [{ internal: 8443, external, ip, protocol: "tcp" }]],
    ]);
    expect(containers(recorder).map(({ inputs }) => inputs.publishAllPorts)).toEqual([
      false,
      false,
      false,
      false,
    ]);
    expect(await settled(component.url)).toEqual({
      value: `${scheme}://${ip}:${external}/`,
      secret: false,
    });
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

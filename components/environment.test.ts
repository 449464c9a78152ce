import { describe, expect, test } from "vitest";
import { declaredContainers } from "../config/containers";
import { dockerName } from "../config/names";
import { canaryOutput, environmentArgs } from "../test/support/environments";
import {
  containers,
  environment,
  FULL,
  IMAGE_ID,
  LIMITED,
  listed,
  REFERENCE,
} from "../test/support/mockedEnvironment";
import {
  allRequestsSent,
  type Registration,
  registered,
  settled,
  startMocks,
} from "../test/support/mocks";
import { Environment } from "./environment";

/** Not proven here: that the containers start, and that Docker and the engine keep to what is asked. */

const SHARED = [
  "command:local:Command environment-configuration-check",
  "command:local:Command environment-draining-set",
  "command:local:Command environment-limits-set",
  "command:local:Command environment-snapshots-password-generate",
  "command:local:Command environment-verification-verify",
  "docker:index/container:Container environment-gateway-container",
  "docker:index/network:Network environment-edge-network",
  "docker:index/network:Network environment-egress-network",
  "docker:index/network:Network environment-internal-network",
  "docker:index/remoteImage:RemoteImage environment-gateway-image-image",
  "doom-coding:index:ConfigMigration environment-configuration",
  "doom-coding:index:Draining environment-draining",
  "doom-coding:index:Environment environment",
  "doom-coding:index:Gateway environment-gateway",
  "doom-coding:index:Image environment-code-server-image",
  "doom-coding:index:Image environment-gateway-image",
  "doom-coding:index:Network environment-edge",
  "doom-coding:index:Network environment-egress",
  "doom-coding:index:Network environment-internal",
  "doom-coding:index:ContainerLimits environment-limits",
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

test("of an editor that is left out for a while, data and password stay at their places in the state", async () => {
  const before = await environment({ instances: 3 });
  const recorder = await startMocks("dev", { stdout: canaryOutput });
  const component = new Environment("environment", { ...environmentArgs(), resting: [3] });
  await allRequestsSent();
  const kept = ["-data-volume", "-password-generate"].map(
    (end) => `environment-code-server-3${end}`,
  );
  expect(listed(recorder).filter((line) => line.includes("code-server-3"))).toEqual([
    "command:local:Command environment-code-server-3-password-generate",
    "docker:index/volume:Volume environment-code-server-3-data-volume",
    "doom-coding:index:CodeServer environment-code-server-3",
    "doom-coding:index:Secret environment-code-server-3-password",
    "doom-coding:index:Volume environment-code-server-3-data",
  ]);
  for (const name of kept) {
    expect(registered(recorder, name).parent).toBe(registered(before.recorder, name).parent);
    expect(registered(recorder, name).options.protect).toBe(true);
  }
  expect(await settled(component.resting)).toEqual({ value: ["doom-dev-data-3"], secret: false });
  expect(await settled(component.volumes)).toMatchObject({ value: ["doom-dev-data-1"] });
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

test("what is declared of its containers is what is made, with their limits", async () => {
  const changes = { instances: 3, resources: { cpus: 1.5, memory: "1GiB", storage: "2GiB" } };
  const { recorder } = await environment(changes);
  const made = containers(recorder).map(({ inputs }) => [
    inputs.name,
    Number(inputs.cpus),
    inputs.memory,
  ]);
  const declared = declaredContainers(environmentArgs(changes).config).map(
    ({ role, index, limits }) => [
      dockerName("dev", role, index),
      limits.cpus,
      limits.memoryMebibytes,
    ],
  );
  expect(declared).toHaveLength(4);
  expect(made.sort()).toEqual(declared.sort());
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

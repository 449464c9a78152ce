import { describe, expect, test } from "vitest";
import { ConfigError } from "./errors";
import {
  checkStackName,
  dockerLabels,
  dockerName,
  isOwnVolume,
  type Role,
  restoreVolumeName,
  upgradeName,
} from "./names";

/** The names that are refused, with their messages, are in badInputs.test.ts, except the empty one. */

const ROLES: Role[] = [
  "internal",
  "edge",
  "egress",
  "data",
  "code-server",
  "gateway",
  "claude",
  "tailscale",
  "snapshots",
];

test("an empty name is refused", () => {
  expect(() => checkStackName("")).toThrow(
    new ConfigError([
      'stack name: got ""; allowed: 1 to 24 characters: lower-case ASCII letters, digits and single hyphens, a letter first',
    ]),
  );
});

test.each(["a", "dev", "dev2", "staging-eu-1", "constructor", "a".repeat(24)])(
  "%s is taken as it is",
  (name) => expect(checkStackName(name)).toBe(name),
);

test("names on the Docker host", () => {
  expect(dockerName("dev", "gateway")).toBe("doom-dev-gateway");
  expect(dockerName("dev", "data", 1)).toBe("doom-dev-data-1");
  expect(dockerName("staging-eu", "code-server", 12)).toBe("doom-staging-eu-code-server-12");
});

test("labels, with the number only where there is one", () => {
  expect(dockerLabels("dev", "gateway")).toEqual({
    "doom.stack": "dev",
    "doom.role": "gateway",
    "doom.schema": "1",
  });
  expect(dockerLabels("dev", "data", 2)).toEqual({
    "doom.stack": "dev",
    "doom.role": "data",
    "doom.instance": "2",
    "doom.schema": "1",
  });
});

describe("a volume is an environment's own", () => {
  const restored = restoreVolumeName("dev", 1, "0a1b2c3d");
  const kept = upgradeName("dev", "before-upgrade", 1, "0a1b2c3d");

  test.each([
    ["its data", "doom-dev-data-1", dockerLabels("dev", "data", 1)],
    ["its snapshots", "doom-dev-snapshots", dockerLabels("dev", "snapshots")],
    ["what it restored", restored, dockerLabels("dev", "restore", 1)],
    ["what an upgrade kept", kept, dockerLabels("dev", "before-upgrade", 1)],
    [
      "what a way back kept",
      upgradeName("dev", "after-upgrade", 1, "0a1b2c3d"),
      dockerLabels("dev", "after-upgrade", 1),
    ],
  ])("%s", (_title, name, labels) => {
    expect(isOwnVolume("dev", name, labels)).toBe(true);
    expect(isOwnVolume("dev2", name, labels)).toBe(false);
  });

  test.each([
    ["by its name alone", "doom-dev-snapshots", {}],
    ["by its labels alone", "precious", dockerLabels("dev", "snapshots")],
    ["of another number", "doom-dev-data-2", dockerLabels("dev", "data", 1)],
    ["restored for another number", restored, dockerLabels("dev", "restore", 2)],
    ["kept by an upgrade for another number", kept, dockerLabels("dev", "before-upgrade", 2)],
    ["kept by another part of an upgrade", kept, dockerLabels("dev", "after-upgrade", 1)],
    ["of a role that no volume has", "doom-dev-gateway", dockerLabels("dev", "gateway")],
  ])("not %s", (_title, name, labels) => {
    expect(isOwnVolume("dev", name, labels)).toBe(false);
  });
});

describe("whatever the stack is called", () => {
  /** Stacks that come close to each other and to the names of roles. */
  const stacks = [
    "dev",
    "dev2",
    "dev-2",
    "dev-data",
    "dev-code",
    "data",
    "code-server",
    "a".repeat(24),
  ];
  const names = stacks.flatMap((stack) =>
    ROLES.flatMap((role) => [
      dockerName(stack, role),
      ...Array.from({ length: 50 }, (_, position) => dockerName(stack, role, position + 1)),
    ]),
  );

  test("no two things share a name, or one stack would take over another's data", () => {
    const twice = names.filter((name, position) => names.indexOf(name) !== position);
    expect(twice).toEqual([]);
  });

  test("every name is one that Docker and DNS take", () => {
    const refused = names.filter((name) => !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])$/.test(name));
    expect(refused).toEqual([]);
  });
});

import { describe, expect, it } from "vitest";
import { supportedVersions } from "../checks/support";
import { ConfigError } from "../config/errors";
import { isOwnVolume } from "../config/names";
import { environmentArgs } from "../test/support/environments";
import { findProject } from "./project";
import {
  SERVICES,
  serviceOf,
  unitContainer,
  unitName,
  unitsOf,
  unitTitle,
  unitVolume,
} from "./upgradeServices";
import { environmentIn, withTarget } from "./upgradeTarget";

const { config } = environmentArgs({ instances: 2 });

const FILE = `config:
  doom-coding:environment:
    schemaVersion: 1
    resources: {cpus: 0.5, memory: 512MiB, storage: 2GiB}
    access: {tier: local, port: 8443}
    network: {cidr: 10.87.0.0/24}
    logLevel: debug
    image: {version: 4.133.0}
`;

it("an environment has a unit for each editor", () => {
  const units = unitsOf(config).filter(({ service }) => service.name === "code-server");
  expect(
    units.map((unit) => [
      unitName(unit),
      unitTitle(unit),
      unitContainer("dev", unit),
      unitVolume("dev", unit),
    ]),
  ).toEqual([
    ["code-server-1", "Editor 1", "doom-dev-code-server-1", "doom-dev-data-1"],
    ["code-server-2", "Editor 2", "doom-dev-code-server-2", "doom-dev-data-2"],
  ]);
});

const ORIGIN = { root: findProject().root, base: { name: "doom-coding/base:x", id: "sha256:b" } };

describe.each(SERVICES.map((service) => [service.name, service] as const))(
  "%s",
  (name, service) => {
    it("is found by its name", () => {
      expect(serviceOf(name)).toBe(service);
    });

    it("keeps its data on a volume that counts as the environment's own", () => {
      const unit = { service, instance: 1 };
      const labels = {
        "doom.stack": "dev",
        "doom.role": service.volumeRole,
        ...(service.numbered ? { "doom.instance": "1" } : {}),
      };
      expect(isOwnVolume("dev", unitVolume("dev", unit), labels)).toBe(true);
      expect(isOwnVolume("prod", unitVolume("dev", unit), labels)).toBe(false);
    });

    it("takes its version and its image from keys that the schema has", () => {
      const version = supportedVersions(service.part).at(-1) as string;
      for (const target of [{ version }, { reference: `sha256:${"a".repeat(64)}` }]) {
        const environment = environmentIn(withTarget(FILE, service, target), "dev");
        expect(service.image(ORIGIN, environment)).toMatchObject(
          "version" in target ? { tag: version } : target,
        );
      }
      const unknown = { ...service, versionKey: `${service.name}.nothing` };
      expect(() => environmentIn(withTarget(FILE, unknown, { version }), "dev")).toThrow(
        ConfigError,
      );
    });
  },
);

it("names those that there are", () => {
  expect(() => serviceOf("mail")).toThrow(
    `the services are ${SERVICES.map((service) => service.name).join(", ")}`,
  );
});

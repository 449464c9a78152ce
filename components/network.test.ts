import { expect, test } from "vitest";
import { type Cidr, parseCidrLoosely } from "../checks/cidr";
import { allRequestsSent, settled, startMocks } from "../test/support/mocks";
import { Network, type NetworkRole } from "./network";

/** Not proven here: that Docker keeps the networks apart; the stack tests probe that. */

async function network(role: NetworkRole, cidr: string) {
  const recorder = await startMocks("prod");
  const component = new Network("net", {
    stack: "prod",
    role,
    cidr: parseCidrLoosely(cidr) as Cidr,
  });
  await allRequestsSent();
  return { recorder, component };
}

test.each([
  ["internal", "10.87.2.0/26", true, "10.87.2.1"],
  ["edge", "10.87.2.64/26", false, "10.87.2.65"],
  ["egress", "172.16.128.0/18", false, "172.16.128.1"],
] as const)("the network %s gets exactly these inputs", async (role, cidr, internal, address) => {
  const { recorder, component } = await network(role, cidr);
  expect(recorder.registrations.map(({ type, name }) => `${type} ${name}`)).toEqual([
    "doom-coding:index:Network net",
    "docker:index/network:Network net-network",
  ]);
  expect(recorder.registrations[1]?.inputs).toEqual({
    name: `doom-prod-${role}`,
    driver: "bridge",
    internal,
    attachable: false,
    ipv6: false,
    ipamConfigs: [{ subnet: cidr, gateway: address }],
    labels: [
      { label: "doom.role", value: role },
      { label: "doom.schema", value: "1" },
      { label: "doom.stack", value: "prod" },
    ],
  });
  expect(recorder.registrations[1]?.options.deleteBeforeReplace).toBe(true);
  expect(component.cidr).toBe(cidr);
  expect((await settled(component.dockerName)).value).toBe(`doom-prod-${role}`);
});

import { describe, expect, test } from "vitest";
import { dockerName } from "../../config/names";
import { CONTAINER_ROLES, NETWORK_ROLES, roleOfOwn, VOLUME_ROLES } from "./names";

const ROLES = [...CONTAINER_ROLES, ...NETWORK_ROLES, ...VOLUME_ROLES];
/** Stacks whose names begin like each other, or look like a role or a number. */
const STACKS = [
  "dev",
  "dev-2",
  "dev-gateway",
  "dev-code-server",
  "dev-code-server-1",
  "d",
  "dev-data-1",
];

describe.each(STACKS)("the names of %s", (stack) => {
  test("belong to it and to no other stack", () => {
    for (const role of ROLES) {
      for (const index of [undefined, 1, 2, 50]) {
        const name = dockerName(stack, role, index);
        const owners = STACKS.filter((other) => roleOfOwn(name, other, ROLES) !== undefined);
        expect([name, owners]).toEqual([name, [stack]]);
        expect(roleOfOwn(name, stack, ROLES)).toBe(role);
      }
    }
  });
});

test.each([
  "",
  "doom-dev",
  "doom-dev-",
  "doom-dev-gateway-",
  "doom-dev-gateway-0",
  "doom-dev-gateway-01",
  "doom-dev-gateway-1 ",
  "doom-dev-gateway-1\n",
  "doom-dev-GATEWAY",
  "/doom-dev-gateway",
  "xdoom-dev-gateway",
])("%j is no name of dev", (name) => {
  expect(roleOfOwn(name, "dev", ROLES)).toBeUndefined();
});

test("a name of the wrong role is none", () => {
  expect(roleOfOwn("doom-dev-data-1", "dev", CONTAINER_ROLES)).toBeUndefined();
});

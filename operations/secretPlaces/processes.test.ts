import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, describe, expect, test } from "vitest";
import { SecretSearch } from "../../checks/secretSearch";
import { searchPlace } from "../placeSearch";
import { containerProcesses, hostProcesses } from "./processes";
import type { StackThings } from "./stackThings";

const SECRET = `canary-${process.pid}-of-a-process`;
const search = new SecretSearch([{ name: "the secret", value: SECRET }]);
const NO_CONTAINERS = { containers: [] } as unknown as StackThings;
const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill();
});

async function start(args: string[], variables: Record<string, string>): Promise<number> {
  const wait = ["-e", "setTimeout(() => {}, 60_000)", ...args];
  const child = spawn(process.execPath, wait, { env: variables });
  children.push(child);
  await once(child, "spawn");
  return child.pid as number;
}

describe("hostProcesses", () => {
  test("finds a secret in a command line and in an environment", async () => {
    const [first, second] = [await start([SECRET], {}), await start([], { GIVEN: SECRET })];
    const { findings } = await searchPlace(hostProcesses(NO_CONTAINERS), search);
    expect(findings.map(({ object }) => object).sort()).toEqual(
      [`process ${first}, command line`, `process ${second}, environment`].sort(),
    );
  });

  test("leaves the passphrase alone that the user has exported, and no other variable", async () => {
    const name = "PULUMI_CONFIG_PASSPHRASE";
    await start([], { [name]: SECRET });
    const other = await start([], { [`${name}_OLD`]: SECRET });
    const { findings } = await searchPlace(hostProcesses(NO_CONTAINERS), search);
    expect(findings.map(({ object }) => object)).toEqual([`process ${other}, environment`]);
  });

  test.runIf(process.getuid?.() === 0)("says what others than root cannot see", async () => {
    process.seteuid?.(65534);
    const result = await searchPlace(hostProcesses(NO_CONTAINERS), search).finally(() =>
      process.seteuid?.(0),
    );
    expect(result.notSearched).toMatch(/processes can be looked at by root only: use sudo/);
    expect(result.sealed).toBeGreaterThan(0);
  });
});

describe("containerProcesses", () => {
  test("are not searched when there are none", async () => {
    expect(await searchPlace(containerProcesses(NO_CONTAINERS), search)).toMatchObject({
      objects: 0,
      notSearched: "there is nothing, but there must be something",
    });
  });

  test("are not searched from another machine", async () => {
    const before = process.env.DOCKER_HOST;
    process.env.DOCKER_HOST = "tcp://192.0.2.1:2376";
    const result = await searchPlace(containerProcesses(NO_CONTAINERS), search).finally(() => {
      if (before === undefined) Reflect.deleteProperty(process.env, "DOCKER_HOST");
      else process.env.DOCKER_HOST = before;
    });
    expect(result.notSearched).toContain("Docker runs on another machine");
  });
});

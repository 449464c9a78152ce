import * as pulumi from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import { environmentArgs } from "../test/support/environments";
import {
  allRequestsSent,
  mockImageId,
  plainTexts,
  registered,
  secretContent,
  startMocks,
} from "../test/support/mocks";
import { HEALTHCHECK } from "./container";
import { Environment } from "./environment";

/** Not proven here: what the container does; test/stack/claude.test.ts runs it. */

const KEY = "sk-ant-canary-0123456789";
const CONTAINER = "environment-claude-2-container";

async function environment(
  changes: Record<string, unknown>,
  key?: string,
  claudeVolumes?: readonly number[],
) {
  const stdout = (name: string) =>
    name.includes("password") ? JSON.stringify({ password: "p", hash: "h" }) : "";
  const recorder = await startMocks("dev", { stdout });
  const args = environmentArgs({ instances: 2, claude: { enabled: true }, ...changes });
  const claude = {
    folder: "claude",
    tag: "2.1.328",
    contentHash: "c1a0".repeat(16),
    buildArgs: { CLAUDE_VERSION: "2.1.328" },
  };
  new Environment("environment", {
    ...args,
    claudeVolumes: claudeVolumes ?? args.claudeVolumes,
    images: { ...args.images, claude },
    secrets: new Map(key === undefined ? [] : [["anthropic-api-key", pulumi.secret(key)]]),
  });
  await allRequestsSent();
  return recorder;
}

test("each editor has one beside it, with exactly these inputs", async () => {
  const { inputs, options } = registered(await environment({}), CONTAINER);
  expect(inputs).toMatchObject({
    name: "doom-dev-claude-2",
    image: mockImageId("doom-coding/claude:2.1.328-c1a0c1a0c1a0"),
    envs: ["PGID=1000", "PUID=1000", "TZ=UTC"],
    mounts: [
      { type: "volume", source: "doom-dev-claude-2", target: "/claude" },
      { type: "volume", source: "doom-dev-data-2", target: "/config" },
    ],
    networksAdvanced: [{ name: "doom-dev-internal" }, { name: "doom-dev-egress" }],
    healthcheck: HEALTHCHECK,
    memory: 512,
  });
  expect(inputs).not.toHaveProperty("ports");
  const { dependencies } = options;
  expect(dependencies).toEqual(
    expect.arrayContaining([
      "command:local:Command::environment-claude-2-upgrade-pass",
      "docker:index/container:Container::environment-code-server-2-container",
    ]),
  );
  expect(options.deleteBeforeReplace).toBe(true);
});

test("its volume is its own, protected and kept", async () => {
  const { inputs, options } = registered(await environment({}), "environment-claude-2-data-volume");
  expect(inputs.name).toBe("doom-dev-claude-2");
  expect(inputs.labels).toContainEqual({ label: "doom.role", value: "claude" });
  expect(options).toMatchObject({ protect: true, retainOnDelete: true });
});

test("it goes out only where the configuration lets it", async () => {
  const network = { cidr: "10.87.0.0/24", egress: [] };
  const { inputs } = registered(await environment({ network }), CONTAINER);
  expect(inputs.networksAdvanced).toEqual([{ name: "doom-dev-internal" }]);
});

describe("the key", () => {
  test("is a file that it mounts, and in no input of a container", async () => {
    const recorder = await environment({}, KEY);
    const { inputs } = registered(recorder, CONTAINER);
    const write = registered(recorder, "environment-claude-2-key-write").inputs.environment;
    const { DOOM_SECRET_FILE, DOOM_SECRET } = write as Record<string, unknown>;
    expect(secretContent(DOOM_SECRET)).toBe(KEY);
    expect(inputs.envs).toContain("FILE__ANTHROPIC_API_KEY=/run/secrets/anthropic-api-key");
    expect(inputs.mounts).toContainEqual({
      type: "bind",
      source: DOOM_SECRET_FILE,
      target: "/run/secrets/anthropic-api-key",
      readOnly: true,
      bindOptions: { propagation: "rprivate" },
    });
    const plain = recorder.registrations.flatMap((one) => plainTexts(one.inputs));
    expect(plain.filter((text) => text.includes(KEY))).toEqual([]);
  });
});

test("what it has kept stays when it is taken away, in the place where it was", async () => {
  const volumes = async (enabled: boolean) =>
    (
      await environment({ claude: { enabled } }, undefined, enabled ? [1, 2] : [2])
    ).registrations.filter(({ name }) => name === "environment-claude-2-data-volume");
  const [without, beside] = [await volumes(false), await volumes(true)];
  expect(without).toHaveLength(1);
  expect(without[0]).toEqual(beside[0]);
});

test("nothing of it is there unless the configuration says so", async () => {
  const { registrations } = await environment({ claude: { enabled: false } });
  expect(registrations.filter(({ name }) => name.includes("claude"))).toEqual([]);
});

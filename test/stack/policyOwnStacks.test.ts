import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EnvironmentValue, LiveEnvironment } from "../support/liveEnvironment";
import { type LiveProject, startProject } from "../support/liveProject";
import { violationsOf } from "../support/policyTrialProject";

/** This project's own stacks under its own pack and the real engine, in preview and in up. */
const STACKS: Readonly<Record<string, EnvironmentValue>> = {
  dev: { access: { tier: "local" } },
  staging: { access: { tier: "limited" } },
  prod: { access: { tier: "full", bindAddress: "127.0.0.1" }, instances: 2 },
};

/** What the images' way to start rules out; advised everywhere, see docs/security.md. */
const ADVISED = [
  "advisory docker-container-bounded-restart",
  "advisory docker-container-non-root-start",
  "advisory docker-container-read-only-root",
];

let project: LiveProject;

beforeAll(async () => {
  project = await startProject(STACKS);
});
afterAll(() => project?.dispose());

async function run(environment: LiveEnvironment, command: string[], level?: string) {
  const config = level === undefined ? [] : ["--policy-pack-config", `policy/config/${level}.json`];
  const pack = ["--policy-pack", "policy", ...config];
  const result = await environment.tryPulumi(...command, "--color", "never", ...pack);
  const output = `${result.stdout}${result.stderr}`;
  expect(result.code, output).toBe(0);
  // What the SDK says where an unknown disarms a policy.
  expect(output).not.toContain("can't run policy");
  expect(output).toContain("doom-coding@v");
  return violationsOf(result.stdout).map(({ level, policy }) => `${level} ${policy}`);
}

describe("the first preview, where most is unknown, finds nothing mandatory and nothing undecided", () => {
  it.each(Object.keys(STACKS))("in %s, held to its own level", async (name) => {
    expect((await run(project.environment(name), ["preview"], name)).sort()).toEqual(ADVISED);
  });

  it("in dev, held to prod's", async () => {
    expect((await run(project.environment("dev"), ["preview"])).sort()).toEqual(ADVISED);
  });
});

it("up makes the environment under the pack, and a preview after it finds the same", async () => {
  const environment = project.environment("prod");
  const inUp = await run(environment, ["up", "--yes"], "prod");
  // Once in its preview and once in its update.
  expect(inUp.sort()).toEqual([...ADVISED, ...ADVISED].sort());
  const after = await run(environment, ["preview", "--expect-no-changes"], "prod");
  expect(after.sort()).toEqual(ADVISED);
});

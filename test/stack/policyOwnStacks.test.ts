import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
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

describe("the example for a pull request", () => {
  const example = parse(
    readFileSync(path.resolve(__dirname, "../../docs/examples/pull-request.yml"), "utf8"),
  ) as { on: string; jobs: { preview: { steps: { run?: string }[] } } };
  const commands = example.jobs.preview.steps.flatMap(({ run: command }) => command ?? []);
  /** Its last step, for a stack of this test. */
  const preview = () => {
    const environment = project.environment("dev");
    const command = commands.at(-1)?.replace(/\$\{\{ matrix\.stack \}\}/, environment.stack);
    return environment.run("bash", ["-e", "-c", command ?? "exit 99"]);
  };

  it("previews each pull request, and the preview passes", async () => {
    expect(example.on).toBe("pull_request");
    expect(commands[0]).toBe("npm run setup");
    const { code, stdout, stderr } = await preview();
    expect(code, stderr).toBe(0);
    expect(stdout).toContain("would:");
  });

  it("is red when the policies cannot be held", async () => {
    const environment = project.environment("dev");
    const file = path.join(environment.root, "policy", "config", `${environment.stack}.json`);
    writeFileSync(file, JSON.stringify({ "no-such-rule": "advisory" }));
    const { code, stderr } = await preview();
    rmSync(file);
    expect(code).toBe(8);
    expect(stderr).toContain("no-such-rule: unknown rule");
  });
});

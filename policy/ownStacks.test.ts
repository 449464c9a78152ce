import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { Environment } from "../components/environment";
import { canaryOutput, environmentArgs } from "../test/support/environments";
import {
  allRequestsSent,
  isSecretValue,
  type Recorder,
  type Registration,
  startMocks,
} from "../test/support/mocks";
import { type Report, runPolicies, type Trial } from "../test/support/policyRun";

/**
 * This project's own stacks under its own rules, as a first preview and as an update see them.
 *
 * Not proven here: that the engine says the same; test/stack/policyPack.test.ts asks it.
 */

const ROOT = path.resolve(__dirname, "..");

function configurationOf(stack: string): Record<string, unknown> {
  const text = readFileSync(path.join(ROOT, `Pulumi.${stack}.yaml`), "utf8");
  const { config } = parse(text) as { config: Record<string, Record<string, unknown>> };
  return config["doom-coding:environment"] as Record<string, unknown>;
}

async function record(stack: string, preview: boolean): Promise<Recorder> {
  const recorder = await startMocks(stack, { stdout: canaryOutput, preview });
  const args = environmentArgs({ ...configurationOf(stack), instances: 2 }, stack);
  new Environment("environment", {
    ...args,
    secretFolder: `/run/doom-coding/00000000/${stack}`,
  });
  await allRequestsSent();
  return recorder;
}

/** The policy SDK unwraps secrets before a policy sees them. */
function unwrapped(value: unknown): unknown {
  if (isSecretValue(value)) return unwrapped(value.value);
  if (Array.isArray(value)) return value.map(unwrapped);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, unwrapped(inner)]));
}

const lastPart = (shortUrn: string) => shortUrn.slice(shortUrn.lastIndexOf("::") + 2);

function asTrial(registration: Registration): Trial {
  const { type, name, inputs, parent, options, propertyDependencies } = registration;
  return {
    type,
    name,
    inputs: unwrapped(inputs) as Record<string, unknown>,
    protect: options.protect,
    ...(parent === undefined ? {} : { parent: lastPart(parent) }),
    propertyDependencies: Object.fromEntries(
      Object.entries(propertyDependencies).map(([key, urns]) => [key, urns.map(lastPart)]),
    ),
  };
}

async function judge(stack: string, preview: boolean): Promise<Report[]> {
  const { registrations } = await record(stack, preview);
  const file = path.join(ROOT, "policy", "config", `${stack}.json`);
  const configuration = JSON.parse(readFileSync(file, "utf8"));
  return runPolicies(registrations.map(asTrial), { stack, configuration });
}

/** What the images' way to start rules out; each is advised everywhere and never more. */
const ADVISED = [
  "docker-container-bounded-restart",
  "docker-container-non-root-start",
  "docker-container-read-only-root",
];

describe.each(["dev", "staging", "prod"])("%s", (stack) => {
  test.each([
    ["a first preview", true],
    ["an update", false],
  ])("%s finds no violation and nothing undecided", async (_title, preview) => {
    const reports = await judge(stack, preview);
    expect(reports.filter(({ level }) => level === "mandatory")).toEqual([]);
    expect(reports.map(({ policy }) => policy).sort()).toEqual(ADVISED);
  });
});

test("a stack without a configured level is held to prod's, and keeps them", async () => {
  const { registrations } = await record("dev", true);
  const reports = runPolicies(registrations.map(asTrial), { stack: "dev" });
  expect(reports.map(({ policy }) => policy).sort()).toEqual(ADVISED);
});

test("the same program with one broken input is refused", async () => {
  const { registrations } = await record("prod", true);
  const broken = registrations
    .map(asTrial)
    .map((trial) =>
      trial.name === "environment-gateway-container"
        ? { ...trial, inputs: { ...trial.inputs, privileged: true } }
        : trial,
    );
  const reports = runPolicies(broken, { stack: "prod" });
  expect(reports.filter(({ level }) => level === "mandatory")).toEqual([
    {
      policy: "docker-container-no-privileged",
      level: "mandatory",
      resource: "environment-gateway-container",
      message: "privileged gives the container every right of the host; remove it",
    },
  ]);
});

import * as pulumi from "@pulumi/pulumi";
import { beforeEach, describe, expect, test } from "vitest";
import { UNKNOWN } from "../checks/rules/facts";
import { FIXTURES } from "../policy/fixtures";
import {
  type Subject as Fixture,
  isResource,
  type ResourceSubject,
  STACK,
} from "../policy/fixtures/fixture";
import { RULES } from "../policy/rules";
import { allRequestsSent, type Recorder, startMocks } from "../test/support/mocks";
import { refuseBrokenRules } from "./refuseBrokenRules";

/** The rules' own fixtures, as resources of a program: what the pack refuses, the program does too. */
let recorder: Recorder;

beforeEach(async () => {
  recorder = await startMocks(STACK);
});

/** What stands for an unknown in a fixture is an output in a program. */
function asInputs(value: unknown): unknown {
  if (value === UNKNOWN) return pulumi.secret("known to the engine only");
  if (Array.isArray(value)) return value.map(asInputs);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asInputs(inner)]));
}

/** A resource of any type, as the SDK's classes register theirs. */
class Subject extends pulumi.CustomResource {}

/** Registers the subject two levels below what carries the rules, as the project's components do. */
async function register({ type, inputs, protect }: ResourceSubject): Promise<string[]> {
  const transformations = [refuseBrokenRules(STACK)];
  const top = new pulumi.ComponentResource(
    "doom-coding:index:Environment",
    "top",
    {},
    { transformations },
  );
  const parent = new pulumi.ComponentResource(
    "doom-coding:index:Part",
    "part",
    {},
    { parent: top },
  );
  try {
    new Subject(type, "subject", asInputs(inputs) as pulumi.Inputs, {
      parent,
      protect,
    });
  } finally {
    await allRequestsSent();
  }
  return recorder.registrations.map(({ name }) => name);
}

async function refusal(subject: ResourceSubject): Promise<string> {
  return register(subject).then(
    () => "",
    (error: Error) => error.message,
  );
}

const resources = (subjects: Readonly<Record<string, Fixture>>) =>
  Object.entries(subjects).flatMap(([title, subject]) =>
    isResource(subject) ? [[title, subject] as const] : [],
  );

const everywhere = RULES.filter(
  ({ levels, decisions }) => levels.dev === "mandatory" && decisions.stack === undefined,
);

describe.each(everywhere.map(({ name }) => name))("%s", (name) => {
  const { compliant, violating } = FIXTURES[name] as (typeof FIXTURES)[string];
  const broken = Object.fromEntries(
    Object.entries(violating).map(([title, [subject]]) => [title, subject]),
  );

  test.each(resources(compliant))("takes: %s", async (_title, subject) => {
    expect(await refusal(subject)).not.toContain(`(${name})`);
  });

  test.each(resources(broken))("refuses: %s", async (_title, subject) => {
    const message = await refusal(subject);
    expect(message).toContain("Invalid configuration");
    expect(message).toContain(`(${name})`);
    expect(recorder.registrations.map((registration) => registration.name)).not.toContain(
      "subject",
    );
  });
});

test("what may be left out somewhere is the pack's affair", async () => {
  const { violating } = FIXTURES["docker-container-memory-limit"] as (typeof FIXTURES)[string];
  const [subject] = Object.values(violating)[0] as [ResourceSubject];
  expect(await register(subject)).toEqual(["top", "part", "subject"]);
});

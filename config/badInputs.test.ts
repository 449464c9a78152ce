import * as pulumi from "@pulumi/pulumi";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { parseStackFile } from "../checks/stackFile";
import { badAddresses, badPorts, badRanges } from "../test/support/badInputs/access";
import { badNames } from "../test/support/badInputs/names";
import { badRotations } from "../test/support/badInputs/rotations";
import { badApiKeys, badPasswords, badSecrets } from "../test/support/badInputs/secrets";
import {
  badImages,
  badKeys,
  badResources,
  badSeeds,
  badSettings,
  badVariables,
} from "../test/support/badInputs/settings";
import { type BadInput, goodEnvironment } from "../test/support/badInputs/types";
import { badStackFiles, goodStackFile } from "../test/support/badInputs/yaml";
import { allRequestsSent, type Recorder, settled, startMocks } from "../test/support/mocks";
import { parseEnvironment } from "./schema";

/**
 * Bad inputs, each through the whole program as Pulumi starts it: index.ts under a mocked engine that
 * records every request. What YAML alone can express is refused by the reader of stack files, before
 * a program is started at all. Whether a port or a range is free is the preflight's part: it is replaced
 * here, because it asks Docker.
 */

const preflight = vi.hoisted(() => vi.fn<(given: { stack: string }) => Promise<unknown>>());
vi.mock("../operations/preflight", () => ({ preflight }));

const SECRETS_KEY = "doom-coding:secrets";
const ENVIRONMENT_KEY = "doom-coding:environment";

beforeEach(() => {
  preflight.mockReset();
  preflight.mockResolvedValue({
    base: { name: "doom-coding/base:x", id: `sha256:${"1".repeat(64)}` },
    capacity: [],
    upgrades: [],
  });
});

/** Puts `value` at a dotted path; undefined takes the key out. Missing sections are made. */
function put(target: object, path: string, value: unknown): void {
  const parts = path.split(".");
  const last = parts.pop() as string;
  let section = target as Record<string, unknown>;
  for (const part of parts) {
    section[part] ??= {};
    section = section[part] as Record<string, unknown>;
  }
  if (value === undefined) delete section[last];
  else section[last] = value;
}

function configuration(row: Omit<BadInput, "problems">): Record<string, string> {
  const environment = goodEnvironment();
  if (row.set) put(environment, ...row.set);
  return {
    [ENVIRONMENT_KEY]: JSON.stringify(environment),
    ...(row.secrets === undefined ? {} : { [SECRETS_KEY]: JSON.stringify(row.secrets) }),
    ...row.keys,
  };
}

/** Runs the program afresh, as a new process would; gives its outputs or what it threw. */
async function runProgram(
  row: Omit<BadInput, "problems">,
): Promise<{ recorder: Recorder; outputs?: Record<string, unknown>; error?: unknown }> {
  const recorder = await startMocks(row.stack ?? "dev", {
    stdout: () => JSON.stringify({ password: "generated", hash: "$argon2id$generated" }),
  });
  pulumi.runtime.setAllConfig(configuration(row), [...(row.encrypted ?? [SECRETS_KEY])]);
  vi.resetModules();
  const { default: main } = await import("../index.js");
  try {
    const outputs = await main();
    await allRequestsSent();
    return { recorder, outputs };
  } catch (error) {
    await allRequestsSent();
    return { recorder, error };
  }
}

function message(problems: readonly string[]): string {
  return problems.length === 1
    ? `Invalid configuration: ${problems[0]}`
    : `Invalid configuration, ${problems.length} problems:\n${problems.map((line) => `  - ${line}`).join("\n")}`;
}

const groups: [string, readonly BadInput[]][] = [
  ["names", badNames],
  ["ports", badPorts],
  ["bind addresses and tiers", badAddresses],
  ["address ranges", badRanges],
  ["limits", badResources],
  ["settings", badSettings],
  ["images", badImages],
  ["variables", badVariables],
  ["keys", badKeys],
  ["passwords", badPasswords],
  ["keys of services", badApiKeys],
  ["secrets", badSecrets],
  ["rotations", badRotations],
  ["seeds", badSeeds],
];

describe.each(groups)("%s", (_group, rows) => {
  test.each(rows)("$given is refused before anything is registered", async (row) => {
    const { recorder, error } = await runProgram(row);
    expect((error as Error | undefined)?.message).toBe(message(row.problems));
    // The one kind of error that Pulumi prints without a stack trace.
    expect(pulumi.RunError.isInstance(error)).toBe(true);
    if (row.hidden !== undefined) expect((error as Error).stack).not.toContain(row.hidden);
    expect(recorder.registrations).toEqual([]);
    expect(preflight).not.toHaveBeenCalled();
  });
});

describe("stack files", () => {
  const read = (text: string) =>
    parseEnvironment(parseStackFile(new TextEncoder().encode(text), "Pulumi.dev.yaml").environment);

  test.each(badStackFiles)("$given is refused", ({ text, problems }) => {
    let error: unknown;
    try {
      read(text);
    } catch (thrown) {
      error = thrown;
    }
    expect((error as Error | undefined)?.message).toBe(message(problems));
  });

  test("the same file without the fault is taken", () => {
    expect(read(goodStackFile).access).toEqual({ tier: "local", port: 8443 });
  });
});

describe("the same program with good input", () => {
  const good = { given: "", secrets: { "code-server-2": "canary $`'\" p\u00e4ss" } };

  test("registers the environment, after the preflight", async () => {
    preflight.mockImplementation(async () => {
      expect(pulumi.runtime.allConfig()).toHaveProperty([ENVIRONMENT_KEY]);
      return {
        base: { name: "doom-coding/base:x", id: `sha256:${"1".repeat(64)}` },
        capacity: [],
        upgrades: [],
      };
    });
    const { recorder, error, outputs } = await runProgram(good);
    expect(error).toBeUndefined();
    expect(preflight).toHaveBeenCalledOnce();
    expect(preflight.mock.calls[0]?.[0]).toMatchObject({
      stack: "dev",
      environment: { instances: 2, access: { tier: "full", port: 8443 } },
    });
    expect(recorder.registrations[0]).toMatchObject({
      type: "doom-coding:index:Environment",
      name: "environment",
    });
    expect(recorder.registrations.filter(({ type }) => type.endsWith(":Container"))).toHaveLength(
      3,
    );
    expect((await settled(pulumi.output(outputs?.url))).value).toBe("https://192.0.2.10:8443/");
  });

  test("registers nothing when the preflight finds the host unfit", async () => {
    preflight.mockRejectedValue(new Error("port 8443 is taken"));
    const { recorder, error } = await runProgram(good);
    expect(error).toEqual(new Error("port 8443 is taken"));
    expect(recorder.registrations).toEqual([]);
  });

  test.each(["dev", "dev2", "a", "staging-eu-1", "constructor"])(
    "takes the stack name %s",
    async (stack) => {
      const { recorder, error } = await runProgram({ ...good, stack });
      expect(error).toBeUndefined();
      expect(recorder.registrations[0]?.inputs).toEqual({ stack });
    },
  );
});

test("there are at least 60 bad inputs, all different", () => {
  const titles = groups.flatMap(([group, rows]) => rows.map(({ given }) => `${group}: ${given}`));
  expect(new Set(titles).size).toBe(titles.length);
  expect(titles.length).toBeGreaterThanOrEqual(60);
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  COMMAND,
  type ContainerInputs,
  REMOTE_IMAGE,
  UNKNOWN,
  VOLUME,
} from "../checks/rules/facts";
import { type Report, runPolicies, type Trial } from "../test/support/policyRun";
import { container, DATA_MOUNT, IMAGE, network, SECRET_MOUNT, STACK } from "./fixtures/fixture";

/** What the wiring adds to the rules: levels, summaries, provenance, waivers and records. */

const OTHER_RULES = "docker-container-process-limit";

function run(trials: readonly Trial[], configuration: Record<string, unknown> = {}): Report[] {
  const reports = runPolicies(trials, { stack: STACK, configuration });
  return reports.filter(({ policy }) => policy !== OTHER_RULES);
}

function editor(changes: ContainerInputs, more: Partial<Trial> = {}): Trial {
  return { name: "editor", ...container(changes), ...more };
}

const component = (type: string, name: string): Trial => ({
  type: `doom-coding:index:${type}`,
  name,
  inputs: {},
});

describe("what is not known yet", () => {
  const image: Trial = { type: REMOTE_IMAGE, name: "image", inputs: { name: "x" } };
  const volume: Trial = { type: VOLUME, name: "data", inputs: {}, protect: true };
  const command = (name: string, parent?: string): Trial => ({
    type: COMMAND,
    name,
    inputs: {},
    ...(parent === undefined ? {} : { parent }),
  });
  const undecided = (reports: Report[]) =>
    reports
      .filter(({ policy }) => policy === "stack-rules-decided")
      .map(({ message, level }) => `${level}: ${message}`);
  const mounts = [DATA_MOUNT, { ...SECRET_MOUNT, source: UNKNOWN }] as const;

  test("is decided for an image that only an image resource produces", () => {
    const trial = editor({ image: UNKNOWN }, { propertyDependencies: { image: ["image"] } });
    expect(undecided(run([image, trial]))).toEqual([]);
  });

  test.each([
    ["nothing", []],
    ["a command", ["command"]],
    ["a command beside an image resource", ["command", "image"]],
  ])("is named for an image that comes from %s", (_title, image_) => {
    const trial = editor({ image: UNKNOWN }, { propertyDependencies: { image: image_ } });
    expect(undecided(run([image, command("command"), trial]))).toEqual([
      "advisory: docker-container-image-digest (mandatory) could not decide: editor: image is known only in the update",
    ]);
  });

  const secret = component("Secret", "secret");
  const file = component("SecretFile", "file");
  const others = [secret, file, volume, command("make", "secret"), command("write", "file")];

  test("is decided for a path that only this project's secret file produces", () => {
    const propertyDependencies = { mounts: ["data", "make", "write"] };
    const trial = editor({ mounts }, { propertyDependencies });
    expect(undecided(run([...others, trial]))).toEqual([]);
  });

  test.each([
    ["nothing", []],
    ["a volume alone", ["data"]],
    ["a secret without its file", ["make"]],
    ["a command of somebody's own", ["command"]],
    ["a secret file beside such a command", ["command", "write"]],
  ])("is named for a path that comes from %s", (_title, producers) => {
    const trial = editor({ mounts }, { propertyDependencies: { mounts: producers } });
    expect(undecided(run([...others, command("command"), trial]))).toEqual([
      "advisory: docker-container-no-docker-socket (mandatory) could not decide: editor: mounts[1].source is known only in the update",
      "advisory: docker-no-host-path (mandatory) could not decide: editor: mounts[1].source is known only in the update",
    ]);
  });

  test("does not hide what is known: the rest of the mount is judged all the same", () => {
    const open = [{ ...SECRET_MOUNT, source: UNKNOWN, readOnly: false }] as const;
    const reports = run([editor({ mounts: open })]);
    expect(reports.filter(({ level }) => level === "mandatory")).toEqual([
      {
        policy: "docker-no-host-path",
        level: "mandatory",
        resource: "editor",
        message:
          "mounts[0].readOnly is not true, so the container may change the host's file; set it to true",
      },
    ]);
  });
});

describe("the level", () => {
  const broken = [
    { name: "one", ...container({ cpus: undefined }) },
    { name: "two", ...container({ cpus: undefined }) },
  ];
  const message = 'cpus has no limit: one environment takes all of the host; set it, such as "0.5"';

  test("mandatory reports each resource", () => {
    expect(run(broken)).toEqual(
      ["one", "two"].map((resource) => ({
        policy: "docker-container-cpu-limit",
        level: "mandatory",
        resource,
        message,
      })),
    );
  });

  test("advisory sums them up once, on the stack", () => {
    const dev = { "policy-configuration": { environment: "dev" } };
    const lowered = { ...dev, "docker-container-cpu-limit": "advisory" };
    expect(run(broken, lowered)).toEqual([
      {
        policy: "docker-container-cpu-limit",
        level: "advisory",
        message: `one, two: ${message}`,
      },
    ]);
  });

  test("by waiver is advisory too, and every run prints the waiver", () => {
    const expires = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
    const waiver = { name: "OPS-7", reason: "measuring without", expires };
    const waived = { "docker-container-cpu-limit": { enforcementLevel: "advisory", waiver } };
    expect(run(broken, waived)).toEqual([
      {
        policy: "docker-container-cpu-limit",
        level: "advisory",
        message: `one, two: ${message}`,
      },
      {
        policy: "policy-configuration",
        level: "advisory",
        message: `docker-container-cpu-limit is waived until ${expires} by "OPS-7": measuring without`,
      },
    ]);
  });
});

test("rules about the stack see the networks of all resources", () => {
  const reports = run([
    { name: "internal", ...network() },
    { name: "edge", ...network() },
  ]);
  expect(reports).toEqual([
    {
      policy: "stack-subnets-disjoint",
      level: "mandatory",
      message:
        "internal: ipamConfigs[0].subnet 10.87.7.0/26 overlaps edge: ipamConfigs[0].subnet 10.87.7.0/26; give each network a range of its own",
    },
  ]);
});

describe("a promotion record", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), "doom-record-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function promoted(content: string | undefined): string[] {
    const record = path.join(folder, "record.json");
    rmSync(record, { force: true });
    if (content !== undefined) writeFileSync(record, content);
    return run([editor({})], { "stack-promoted-images": { record } }).map(({ message }) =>
      message.replace(record, "FILE"),
    );
  }
  const good = { schemaVersion: 1, from: "staging", to: STACK, images: [IMAGE] };
  const fix = "run it in the environment before this one first, and promote it from there";

  test("that names the images lets the stack run", () => {
    expect(promoted(JSON.stringify(good))).toEqual([]);
  });

  test.each([
    ["of other images", { ...good, images: [] }, "editor: image was not promoted from staging"],
    [
      "of another version",
      { ...good, schemaVersion: 2 },
      "promotion record FILE: schemaVersion: must be the number 1",
    ],
    [
      "of nowhere",
      { ...good, from: "" },
      "promotion record FILE: from: must be the name of a stack",
    ],
    [
      "of tags",
      { ...good, images: ["haproxy:2"] },
      "promotion record FILE: images: must be a list of content addresses (sha256: and 64 hex digits)",
    ],
    ["that is a list", [], "promotion record FILE: is no map"],
  ])("%s does not", (_title, record, problem) => {
    expect(promoted(JSON.stringify(record))).toEqual([`${problem}; ${fix}`]);
  });

  test("that is cut off, or missing, does not", () => {
    expect(promoted("{")[0]).toMatch(/^promotion record FILE: .*JSON/);
    expect(promoted(undefined)[0]).toMatch(/^promotion record FILE: ENOENT/);
  });
});

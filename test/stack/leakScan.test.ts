import { randomBytes } from "node:crypto";
import {
  createReadStream,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { text } from "node:stream/consumers";
import { createGunzip } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type NamedSecret, SecretSearch } from "../../checks/secretSearch";
import { stackSecrets } from "../../checks/stackSecrets";
import { dockerName } from "../../config/names";
import { stackParts } from "../../operations/diagnostics";
import { deliverBundle } from "../../operations/diagnosticsBundle";
import type { PlaceResult } from "../../operations/placeSearch";
import { findProject } from "../../operations/project";
import { readState } from "../../operations/stateFiles";
import { tarEntries } from "../../operations/tarEntries";
import { engine } from "../support/dockerHost";
import { runDoom } from "../support/doomProcess";
import type { LiveEnvironment } from "../support/liveEnvironment";
import { type LiveProject, startProject } from "../support/liveProject";
import { PlantedLeaks, writeToVolume } from "./fixtures/plantedLeaks";

/*
 * One running environment with every kind of secret, beside another one, whose scan finds nothing; then one leak in
 * every place, and the scan of the same environment finds each of them. The bundle of diagnostics of all that holds
 * none.
 */
const GIVEN = `given-${randomBytes(18).toString("base64url")}"\\é`;
let project: LiveProject;
let environment: LiveEnvironment;
let secrets: NamedSecret[];
let leaks: PlantedLeaks | undefined;
/** All that the other environment of the project has on the host. */
const foreign = () => dockerName(project.environment("other").stack, "data", 1);

const PASSPHRASE = "the passphrase";
const GIVEN_NAME = "doom-coding:secrets.code-server-1";
const HASH = "stdout.hash of environment-code-server-2-password-generate";
const KEY = "stdout of environment-gateway-certificate-generate";
const SNAPSHOTS_HASH = "stdout.hash of environment-snapshots-password-generate";
const snapshotsName = () => `snapshotPassword of doom-coding-${environment.stack}`;
const generatedName = () => `passwords.2 of doom-coding-${environment.stack}`;

/** What `doom verify --secrets --json` gives. */
interface Report {
  readonly clean: boolean;
  readonly secrets: string[];
  readonly tooShort: string[];
  readonly places: PlaceResult[];
}

async function scan(): Promise<{ code: number; report: Report }> {
  const args = ["verify", environment.stack, "--secrets", "--json"];
  const { code, stdout, stderr } = await runDoom(environment.root, args);
  expect(stdout, stderr).toContain('"places"');
  expect(new SecretSearch(secrets).findIn(stdout + stderr)).toEqual([]);
  return { code, report: JSON.parse(stdout) };
}

beforeAll(async () => {
  project = await startProject({
    secret: { instances: 2, access: { tier: "limited" } },
    other: {},
  });
  environment = project.environment("secret");
  const Labels = { "doom.stack": project.environment("other").stack };
  await engine.createVolume({ Name: foreign(), Labels });
  await writeToVolume(foreign(), "file", "work");
  const key = ["config", "set", "--secret", "--path", GIVEN_NAME];
  await environment.pulumiWithInput(GIVEN, ...key);
  // What the creation prints is kept, so that the scan of the reports looks through it.
  const kept = path.join(environment.root, "reports");
  mkdirSync(kept);
  const keep = async (name: string, text: Promise<string>) =>
    writeFileSync(path.join(kept, name), await text);
  await keep("preview.json", environment.pulumi("preview", "--json"));
  await keep("up.log", environment.pulumi("up", "--yes", "--diff", "--show-config"));
  secrets = await readSecrets();
});
afterAll(async () => {
  await project?.dispose();
  await leaks?.remove();
});

async function readSecrets(): Promise<NamedSecret[]> {
  const { root, stack } = environment;
  const text = await environment.pulumi("stack", "export", "--show-secrets");
  const config = await environment.pulumi("config", "--json", "--show-secrets");
  return stackSecrets({
    deployment: JSON.parse(text).deployment,
    config: JSON.parse(config),
    passphrase: readFileSync(path.join(root, ".passphrases", stack), "utf8").trim(),
  });
}

function canaries() {
  const of = (name: string) => secrets.find((secret) => secret.name === name)?.value as string;
  return {
    passphrase: of(PASSPHRASE),
    given: GIVEN,
    generated: of(generatedName()),
    hash: of(HASH),
    key: of(KEY),
  };
}

describe("a running environment", () => {
  let report: Report;
  let code: number;
  beforeAll(async () => {
    ({ code, report } = await scan());
  });

  it("holds no secret readable, in any place", () => {
    expect(report.places.filter(({ findings }) => findings.length > 0)).toEqual([]);
    expect(report.places.filter(({ notSearched }) => notSearched !== undefined)).toEqual([]);
    expect({ clean: report.clean, code }).toEqual({ clean: true, code: 0 });
  });

  it("was searched for each of its secrets", () => {
    const first = "stdout.hash of environment-code-server-1-password-generate";
    expect([...report.secrets].sort()).toEqual(
      [
        ...[PASSPHRASE, GIVEN_NAME, generatedName(), snapshotsName()],
        ...[first, HASH, SNAPSHOTS_HASH, KEY],
      ].sort(),
    );
    expect(report.tooShort).toEqual([]);
  });

  it("was looked at as a whole", () => {
    const counts = Object.fromEntries(report.places.map(({ place, objects }) => [place, objects]));
    expect(counts).toMatchObject({
      "container descriptions": 3,
      "network descriptions": 3,
      "volume descriptions": 2,
      "image descriptions": 2,
      "image histories": 2,
      "engine events": 1,
      "container logs": 3,
      "stack file": 1,
      reports: 2,
      "passphrase files": 2,
    });
    // Of each container at least the init process, its command line and its environment.
    expect(counts["container processes"]).toBeGreaterThanOrEqual(6);
    expect(counts["image layers"]).toBeGreaterThan(10_000);
    for (const [place, count] of Object.entries(counts)) expect(count, place).toBeGreaterThan(0);
  });
});

describe("the same environment with a leak in every place", () => {
  let report: Report;
  let code: number;
  beforeAll(async () => {
    leaks = new PlantedLeaks(environment, canaries(), foreign());
    await leaks.plant();
    ({ code, report } = await scan());
  });

  it("is not clean, and every place has something", () => {
    expect({ clean: report.clean, code }).toEqual({ clean: false, code: 11 });
    expect(report.places.filter(({ findings }) => findings.length === 0)).toEqual([]);
    expect(report.places.filter(({ notSearched }) => notSearched !== undefined)).toEqual([]);
  });

  const leaker = () => `doom-${environment.stack}-claude-99`;
  const rows: [place: string, object: () => string, secret: () => string, form: string][] = [
    ["container processes", () => `${leaker()}: process`, generatedName, "as it is"],
    ["container processes", () => `${leaker()}: process`, generatedName, "hex"],
    ["host processes", () => "command line", generatedName, "base64, offset 1"],
    ["container descriptions", leaker, () => GIVEN_NAME, "URL-encoded"],
    ["container descriptions", leaker, generatedName, "HEX"],
    ["network descriptions", () => "egress-99", () => GIVEN_NAME, "JSON"],
    ["volume descriptions", () => "data-99", () => `${HASH}, its digest`, "as it is"],
    ["image descriptions", () => "doom-test/leak", () => GIVEN_NAME, "base64, offset 0"],
    ["image histories", () => "doom-test/leak", () => GIVEN_NAME, "base64, offset 0"],
    ["engine events", () => "", generatedName, "HEX"],
    ["engine events", () => "", () => GIVEN_NAME, "URL-encoded"],
    ["container logs", leaker, generatedName, "hex"],
    ["container files", () => `${leaker()}:/leak`, () => HASH, "as it is"],
    ["data volumes", () => "data-99:data/leak", () => HASH, "base64, offset 0"],
    ["data volumes", () => "data-98:leak", generatedName, "base64, offset 2"],
    ["other environments", () => `${foreign()}:leak`, generatedName, "HEX"],
    ["image layers", () => ": leak.gz", generatedName, "as it is, packed"],
    ["image layers", () => "secret in its name", generatedName, "as it is, as a name"],
    ["stack file", () => "Pulumi.", generatedName, "as it is"],
    ["state folder", () => "old.json.gz", generatedName, "as it is, packed"],
    ["passphrase files", () => "another", () => PASSPHRASE, "as it is"],
    ["reports", () => "run.log", () => `${KEY}, its DER bytes`, "HEX"],
    ["project folder", () => "notes.txt", () => `${KEY}, line 2`, "as it is"],
    ["exported state", () => "stack export", generatedName, "as it is"],
    ["stack outputs", () => "stack output", generatedName, "as it is"],
    ["run history", () => "stack history", () => GIVEN_NAME, "URL-encoded"],
    ["preview, with policies", () => "its text", () => HASH, "hex"],
    ["preview, with policies", () => "its verbose log", generatedName, "base64, offset 1"],
    ["preview, all values", () => "--diff", generatedName, "base64, offset 1"],
    ["preview, as JSON", () => "--json", generatedName, "base64, offset 1"],
    ["error messages", () => "no editor", generatedName, "as it is"],
    ["Pulumi's own logs", () => "leak-", generatedName, "base64, offset 2, packed"],
  ];

  it.each(rows)("in %s", (name, object, secret, form) => {
    const found = report.places.find(({ place }) => place === name)?.findings ?? [];
    const matching = found.filter((finding) => finding.object.includes(object()));
    expect(matching.map(({ secret, form }) => `${secret} (${form})`)).toContain(
      `${secret()} (${form})`,
    );
  });

  it("leaves no place without a row here", () => {
    const places = new Set(report.places.map(({ place }) => place));
    expect(new Set(rows.map(([place]) => place))).toEqual(places);
  });
});

describe("diagnostics of the environment with its leaks", () => {
  const files = new Map<string, string>();
  let folder: string;
  let stranger: string;
  beforeAll(async () => {
    folder = path.join(environment.root, "handed-over");
    mkdirSync(folder);
    const { imageDigests } = await environment.outputs();
    stranger = `stranger-of-${environment.stack}`;
    const container = await engine.createContainer({ name: stranger, Image: imageDigests.gateway });
    try {
      const args = ["diagnose", environment.stack, "--out", folder, "--json"];
      const { code, stdout, stderr } = await runDoom(environment.root, args);
      expect(code, stderr).toBe(0);
      const { file, missing } = JSON.parse(stdout);
      expect(missing).toEqual([]);
      expect(readdirSync(folder)).toEqual([path.basename(file)]);
      expect(statSync(file).mode & 0o777).toBe(0o600);
      const archive = createReadStream(file).compose(createGunzip());
      for await (const entry of tarEntries(archive))
        files.set(entry.header.name, await text(entry));
    } finally {
      await container.remove({ force: true });
    }
  });

  const file = (name: string) => files.get(`${environment.stack}/${name}`) ?? "";

  it("hold no secret in any form", () => {
    const search = new SecretSearch(secrets);
    for (const [name, content] of files) expect(search.findIn(content), name).toEqual([]);
  });

  it("are complete, and of nobody else", () => {
    const { stack } = environment;
    const names = ["claude-99", "code-server-1", "code-server-2", "gateway"];
    expect([...files.keys()].sort()).toEqual(
      [
        ...["README.txt", "doctor.json", "host.json", "docker.json"],
        ...[
          ...["status", "use", "containers", "networks", "volumes", "images", "gateway"],
          ...["upgrades", "promotions"],
        ].map((name) => `${stack}/${name}.json`),
        `${stack}/stack-file.yaml`,
        ...names.map((name) => `${stack}/logs/doom-${stack}-${name}.log`),
      ].sort(),
    );
    expect(file(`logs/doom-${stack}-code-server-1.log`)).toContain("code-server");
    expect(file("gateway.json")).toContain('"code-server-1"');
    expect(file("stack-file.yaml")).toContain("tier: limited");
    expect([...files.values()].join("\n")).not.toContain(stranger);
  });

  it("show where secrets were taken out", () => {
    const mark = (secret: string) => `[redacted: ${environment.stack}: ${secret}`;
    const leaker = JSON.parse(file("containers.json")).find(({ Name }: { Name: string }) =>
      Name.endsWith("-claude-99"),
    );
    expect(leaker.Config.Labels.leak).toContain(mark(GIVEN_NAME));
    expect(leaker.Config.Env).toContain(`LEAK=${mark(generatedName())}]`);
    expect(leaker.Config.Healthcheck.Test.at(-1)).toContain(mark(generatedName()));
    expect(file(`logs/doom-${environment.stack}-claude-99.log`)).toContain(mark(generatedName()));
    expect(file("networks.json")).toContain(mark(GIVEN_NAME));
    expect(file("volumes.json")).toContain(mark(HASH));
    expect(file("stack-file.yaml")).toContain(mark(generatedName()));
    expect(file("stack-file.yaml")).not.toMatch(/v1:/);
  });

  it("are refused by the scan, and removed, when nothing is taken out", async () => {
    const { root, stack } = environment;
    const project = findProject(root, {});
    const state = readState(project, stack);
    if (state === undefined) throw new Error("the environment has no state");
    const parts = await stackParts({ project, stack, checkpoint: state.checkpoint });
    const entries = parts.map(({ name, content }) => ({ name, text: JSON.stringify(content) }));
    const open = path.join(folder, "open.tar.gz");
    const error = await deliverBundle(open, entries, new SecretSearch(secrets)).catch((e) => e);
    const problems = error.problems.join("\n");
    expect(error.kind).toBe("unproven");
    for (const name of ["containers.json", `logs/doom-${stack}-claude-99.log`, "volumes.json"])
      expect(problems).toContain(`${stack}/${name}: `);
    expect(new SecretSearch(secrets).findIn(error.message)).toEqual([]);
    expect(readdirSync(folder)).toHaveLength(1);
  });
});

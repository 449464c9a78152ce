import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseDocument } from "yaml";
import { SecretSearch } from "../../checks/secretSearch";
import { EXIT_CODES } from "../../cli/exitCodes";
import { ownLock } from "../../operations/locks";
import {
  promotedImagesFile,
  promotionsFile,
  readPromotions,
} from "../../operations/promotionRecords";
import { lockFolder } from "../../operations/stateFiles";
import { readCommand, withUpgradeLock } from "../../operations/upgradeCommand";
import { journalFolder, writeJournal } from "../../operations/upgradeJournal";
import {
  containerIds,
  containersOf,
  engine,
  isHealthy,
  runIn,
  waitForContainer,
} from "../support/dockerHost";
import { DoomProcess, runDoom } from "../support/doomProcess";
import { joinNetworks } from "../support/isolationBreaks";
import type { LiveEnvironment } from "../support/liveEnvironment";
import { createProjectCopy, type ProjectCopy } from "../support/projectCopy";
import { requirePromoted, seenOf } from "../support/promotedPair";
import { UpgradeLife } from "../support/upgradeLife";
import { buildImage } from "./fixtures/image/imageContainer";

/*
 * Two environments with another version each: what has to be so before the first is promoted to the second, and
 * that a promotion brings image and settings, keeps the data, is taken back when it fails behind the gates, and can
 * be taken back. The tests follow one life.
 */
const [OLD, NEW] = ["4.133.0", "4.139.1"] as const;
let copy: ProjectCopy;
let source: LiveEnvironment;
let target: LiveEnvironment;
/** Promoted from the target, and never brought up. */
let last: LiveEnvironment;
/** What the source runs. */
let image: string;

const doom = (...args: string[]) => runDoom(copy.root, args);
const promote = (...options: string[]) => doom("promote", source.stack, target.stack, ...options);
const passwordOf = ({ stack }: LiveEnvironment) => `the password of ${stack}`;
const pathOf = ({ stack }: LiveEnvironment) => path.join(copy.root, `Pulumi.${stack}.yaml`);
const fileOf = (environment: LiveEnvironment) => readFileSync(pathOf(environment), "utf8");
const editorOf = ({ stack }: LiveEnvironment) => `doom-${stack}-code-server-1`;
const imageOf = async (environment: LiveEnvironment) =>
  (await engine.getContainer(editorOf(environment)).inspect()).Image;
const seen = async () => [fileOf(target), await containerIds(target.stack)];
const lives = () => [source, target].map((one) => new UpgradeLife(copy, one));
const work = (script: string) =>
  runIn(editorOf(target), ["bash", "-euc", `cd /config/workspace; ${script}`], "1000:1000");
const recorded = () => readPromotions(copy.project, target.stack);
/** Another container on the inner networks of both. */
const join = () => joinNetworks([source, target].map(({ stack }) => `doom-${stack}-internal`));

/** Sound wherever there is no such file, and in a rehearsal, which knows no gateway. */
const TRAP =
  "[[ -f /config/workspace/trap ]] && getent hosts gateway && echo worse >/config/workspace/file; exec /usr/local/bin/entrypoint";

async function trapped(base: string): Promise<string> {
  const run = promisify(execFile)("docker", ["build", "--quiet", "-"], {
    env: { ...process.env, DOCKER_BUILDKIT: "0" },
  });
  const entry = JSON.stringify(["/bin/bash", "-c", TRAP]);
  run.child.stdin?.end(`FROM ${base}\nLABEL doom.test=${copy.root}\nENTRYPOINT ${entry}\n`);
  return (await run).stdout.trim();
}

beforeAll(async () => {
  copy = createProjectCopy();
  const old = await buildImage("code-server", { CODE_SERVER_VERSION: OLD });
  image = await trapped(await buildImage("code-server", { CODE_SERVER_VERSION: NEW }));
  source = await copy.addStack({ image: { reference: image }, variables: { GREETING: "hello" } });
  target = await copy.addStack({ image: { reference: old }, promotion: { from: source.stack } });
  last = await copy.addStack({ promotion: { from: target.stack } });
  // The pack is told that this stack runs promoted images only.
  const demanded = { record: path.relative(path.join(copy.root, "policy"), allowed()) };
  writeFileSync(
    path.join(copy.root, "policy", "config", `${target.stack}.json`),
    JSON.stringify({ "policy-configuration": { environment: "dev" } }),
  );
  const init = await doom("init");
  expect(init.code, init.stderr).toBe(0);
  const key = ["config", "set", "--secret", "--path", "doom-coding:secrets.code-server-1"];
  for (const one of [source, target]) await one.pulumiWithInput(passwordOf(one), ...key);
  const ups = await Promise.all([source, target].map(({ stack }) => doom("up", stack)));
  for (const { code, stderr } of ups) expect(code, stderr).toBe(0);
  await work("echo work >file; touch trap");
  writeFileSync(
    path.join(copy.root, "policy", "config", `${target.stack}.json`),
    JSON.stringify({
      "policy-configuration": { environment: "dev" },
      "stack-promoted-images": demanded,
    }),
  );
});
afterAll(async () => {
  await copy?.dispose();
  if (image) await engine.getImage(image).remove({ force: true });
});

const allowed = () => promotedImagesFile(copy.project, target.stack);

describe("what is refused before anything is looked at", () => {
  it.each([
    ["to itself", () => [source.stack, source.stack]],
    ["backwards", () => [target.stack, source.stack]],
    ["over one in between", () => [source.stack, last.stack]],
    ["from an unknown stack", () => ["nobody", target.stack]],
    ["to an unknown stack", () => [source.stack, "nobody"]],
    [
      "a way back that is only to be shown",
      () => [source.stack, target.stack, "--undo", "--dry-run"],
    ],
  ])("%s", async (_, stacks) => {
    const before = await seen();
    const { code, stderr } = await doom("promote", ...stacks());
    expect([code, stderr]).toEqual([EXIT_CODES.usage, expect.stringContaining("Fix: ")]);
    expect(await seen()).toEqual(before);
  });
});

describe("an occupied lock", () => {
  const isRefused = async () => {
    const before = await seen();
    const { code, stderr } = await promote();
    expect([code, stderr]).toEqual([EXIT_CODES.locked, expect.stringContaining("Fix: ")]);
    expect(stderr).toContain(String(process.pid));
    expect(await seen()).toEqual(before);
    expect(recorded()).toEqual([]);
  };

  it("of another upgrade of the target keeps it out", () =>
    withUpgradeLock(copy.project, target.stack, isRefused));

  it.each([
    ["source", () => source],
    ["target", () => target],
  ])("of another run of the %s keeps it out", async (_, held) => {
    const folder = lockFolder(copy.project, held().stack);
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, "other.json"), JSON.stringify(ownLock()));
    try {
      await isRefused();
    } finally {
      rmSync(path.join(folder, "other.json"));
    }
  });
});

describe("gates that are shut leave the target as it was, and are recorded", () => {
  /** Each is named with its evidence, and no other one is shut. */
  const areShut = async (wanted: Record<string, string>, ...options: string[]) => {
    const before = await seen();
    const { code, stderr } = await promote(...options);
    expect(code, stderr).toBe(EXIT_CODES.refused);
    expect(await seen()).toEqual(before);
    const entry = recorded().at(-1);
    const shut = entry?.gates.filter(({ passed }) => !passed) ?? [];
    expect(shut.map(({ name }) => name)).toEqual(Object.keys(wanted));
    for (const { name, evidence } of shut) {
      expect(evidence).toContain(wanted[name]);
      expect(stderr).toContain(`${name}: ${evidence.split("\n")[0]}`);
    }
    expect(entry?.result).toBe("refused");
  };

  it("those of the source", async () => {
    const gateway = `doom-${source.stack}-gateway`;
    const file = fileOf(source);
    const journal = {
      journal: 1,
      kind: "upgrade",
      id: "0",
      attempt: 0,
      copy: "",
      owner: "",
    } as const;
    writeJournal(copy.project, source.stack, "code-server-1", {
      ...journal,
      stage: "passed",
      to: { id: image },
      startedAt: new Date().toISOString(),
      timings: {},
    });
    source.configure((value) => ({ ...value, timeZone: "Europe/Berlin" }));
    await engine.getContainer(gateway).stop();
    await areShut({
      healthy: gateway,
      "as declared": "would replace",
      isolated: `${gateway} is declared and does not run`,
      verified: "not verified",
    });
    await engine.getContainer(gateway).start();
    writeFileSync(pathOf(source), file);
    rmSync(journalFolder(copy.project, source.stack, "code-server-1"), { recursive: true });
    await waitForContainer(gateway, isHealthy);
  });

  it("those of the target and of what lies between", async () => {
    const file = fileOf(target);
    const document = parseDocument(file);
    document.deleteIn(["config", "doom-coding:secrets"]);
    writeFileSync(pathOf(target), document.toString());
    const terms = { from: source.stack, soakMinutes: 600, approvals: ["anna"] };
    target.configure((value) => ({ ...value, promotion: terms }));
    await work("fallocate --length 300MiB large");
    const separate = await join();
    try {
      const wanted = {
        soak: "of 600 minutes",
        isolated: separate.container,
        storage: "is full: 30",
        secrets: `code-server-1 is set in ${source.stack}`,
        approvals: "anna has not",
        bundle: "sha256:0 was asked for",
      };
      await areShut(wanted, "--expect", "sha256:0", "--approved-by", "ben");
    } finally {
      await separate.undo();
    }
    await work("rm large");
    writeFileSync(pathOf(target), file);
  });
});

describe("a promotion", () => {
  let hash: string;
  let before: string;

  it("shows first what it would change, and every gate", async () => {
    const untouched = await seen();
    const { code, stdout, stderr } = await promote("--dry-run", "--json");
    expect(code, stderr).toBe(0);
    const plan = JSON.parse(stdout);
    hash = plan.hash;
    expect(plan.changes).toEqual(
      expect.arrayContaining([
        { path: "image.reference", from: await imageOf(target), to: await imageOf(source) },
        { path: "variables.GREETING", to: "hello" },
      ]),
    );
    expect(plan.gates.map(({ passed }: { passed: boolean }) => passed)).not.toContain(false);
    expect(plan.bundle).toMatchObject({
      verdicts: { policies: "passed", isolation: "proven" },
      soakMinutes: 0,
      upgrade: "none",
      drill: "none",
    });
    expect(await seen()).toEqual(untouched);
  });

  it("is refused by the pack as long as the image was not promoted", async () => {
    before = fileOf(target);
    const reference = await imageOf(source);
    target.configure((value) => ({ ...value, image: { reference } }));
    const { code, stderr } = await doom("preview", target.stack);
    writeFileSync(path.join(copy.root, `Pulumi.${target.stack}.yaml`), before);
    expect([code, stderr]).toEqual([
      EXIT_CODES.update,
      expect.stringContaining("stack-promoted-images"),
    ]);
  });

  it("that goes bad behind the gates is taken back, and recorded as failed", async () => {
    const life = lives()[1] as UpgradeLife;
    const untouched = await life.state();
    const { code, stdout, stderr } = await promote("--expect", hash, "--json");
    expect(code, stderr).toBe(EXIT_CODES.update);
    expect(JSON.parse(stdout).error.message).toContain("failed and was taken back");
    await waitForContainer(life.editor, isHealthy);
    await life.requireAsBefore(untouched, "the promotion that failed");
    expect(existsSync(allowed())).toBe(false);
    const entry = recorded().at(-1);
    expect([entry?.result, entry?.hash]).toEqual(["failed", hash]);
    expect(entry?.because).toContain("workspace/file: content");
    await life.removeKept();
  });

  it("brings image and settings, and keeps the data", async () => {
    await work("rm trap");
    const [from, to] = lives() as [UpgradeLife, UpgradeLife];
    const pair = { from, to, source: await seenOf(from), before: await seenOf(to), hash };
    const manifest = await to.manifest();
    const options = ["--expect", hash, "--retry-held", "--watch", "5", "--json"];
    const { code, stdout, stderr } = await promote(...options);
    expect(code, stderr).toBe(0);
    const { changed, promotion } = JSON.parse(stdout);
    expect([changed, promotion.hash]).toEqual([true, hash]);
    const after = promotion.gatesAfter as { name: string; passed: boolean }[];
    expect(after.map(({ name, passed }) => [name, passed])).toEqual([
      ["verified", true],
      ["watched", true],
      ["isolated", true],
    ]);
    await requirePromoted({ ...pair, manifest });
    expect(await runIn(editorOf(target), ["printenv", "GREETING"])).toContain("hello");
    const [gateway] = await containersOf(target.stack, "gateway");
    const published = gateway?.HostConfig.PortBindings as Record<string, { HostPort: string }[]>;
    const ports = Object.values(published).flatMap((all) => all.map(({ HostPort }) => HostPort));
    expect(ports).toEqual([String(target.port)]);
    // What is judged so is judged otherwise when it is not so.
    const other = {
      ...pair,
      source: { ...pair.source, image: "sha256:0" },
      hash: "sha256:0",
      manifest,
    };
    await expect(requirePromoted(other)).rejects.toThrow(
      /image is the source's.*line is this promotion/,
    );
  });

  it("leaves no secret in what it records", () => {
    const secrets = [source, target].map((one) => ({ name: one.stack, value: passwordOf(one) }));
    const search = new SecretSearch(secrets);
    const texts = [promotionsFile(copy.project, target.stack), allowed()].map((file) =>
      readFileSync(file, "utf8"),
    );
    expect(texts.flatMap((text) => search.findIn(text))).toEqual([]);
    const planted = texts.map((text) => search.findIn(text + passwordOf(source)).length);
    expect(planted).not.toContain(0);
  });

  it("is not made twice", async () => {
    const entries = readPromotions(copy.project, target.stack).length;
    const { code, stdout } = await promote("--json");
    expect([code, JSON.parse(stdout).changed]).toEqual([0, false]);
    expect(readPromotions(copy.project, target.stack)).toHaveLength(entries);
  });

  it("of settings alone is taken back when it is not isolated any more", async () => {
    source.configure((value) => ({ ...value, variables: { GREETING: "good evening" } }));
    const up = await doom("up", source.stack);
    expect(up.code, up.stderr).toBe(0);
    const untouched = await (lives()[1] as UpgradeLife).state();
    const run = new DoomProcess(copy.root, ["promote", source.stack, target.stack]);
    await run.until(() => readCommand(copy.project, target.stack));
    const separate = await join();
    const { code, stderr } = await run.result();
    await separate.undo();
    expect([code, stderr]).toEqual([EXIT_CODES.update, expect.stringContaining("were taken back")]);
    await (lives()[1] as UpgradeLife).requireAsBefore(untouched, "the promotion that failed");
    expect(await runIn(editorOf(target), ["printenv", "GREETING"])).toContain("hello");
    const entry = recorded().at(-1);
    expect([entry?.result, entry?.because]).toEqual([
      "failed",
      expect.stringContaining(separate.container),
    ]);
  });

  it("is taken back: image, file and data are as before", async () => {
    const { code, stderr } = await promote("--undo");
    expect(code, stderr).toBe(0);
    expect(fileOf(target)).toBe(before);
    expect(await imageOf(target)).not.toBe(await imageOf(source));
    expect(await runIn(editorOf(target), ["cat", "/config/workspace/file"])).toContain("work");
    expect(readPromotions(copy.project, target.stack).at(-1)?.kind).toBe("undo");
    const again = await promote("--undo");
    expect([again.code, again.stderr]).toEqual([
      EXIT_CODES.usage,
      expect.stringContaining("no promotion"),
    ]);
  });

  it("is refused where the record of promotions was changed", async () => {
    const file = promotionsFile(copy.project, target.stack);
    writeFileSync(file, readFileSync(file, "utf8").replace('"refused"', '"promoted"'));
    const untouched = await seen();
    const { code, stderr } = await promote();
    expect(await seen()).toEqual(untouched);
    expect([code, stderr]).toEqual([EXIT_CODES.state, expect.stringContaining("was changed")]);
  });
});

import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EXIT_CODES } from "../../cli/exitCodes";
import {
  promotedImagesFile,
  promotionsFile,
  readPromotions,
} from "../../operations/promotionRecords";
import {
  containerIds,
  containersOf,
  engine,
  isHealthy,
  runIn,
  waitForContainer,
} from "../support/dockerHost";
import { runDoom } from "../support/doomProcess";
import type { LiveEnvironment } from "../support/liveEnvironment";
import { createProjectCopy, type ProjectCopy } from "../support/projectCopy";
import { buildImage } from "./fixtures/image/imageContainer";

/*
 * Two environments with another version each: what has to be so before the first is promoted to the second, and
 * that a promotion brings image and settings, keeps the data, and can be taken back. The tests follow one life.
 */
const [OLD, NEW] = ["4.133.0", "4.139.1"] as const;
let copy: ProjectCopy;
let source: LiveEnvironment;
let target: LiveEnvironment;

const doom = (...args: string[]) => runDoom(copy.root, args);
const promote = (...options: string[]) => doom("promote", source.stack, target.stack, ...options);
const fileOf = ({ stack }: LiveEnvironment) =>
  readFileSync(path.join(copy.root, `Pulumi.${stack}.yaml`), "utf8");
const editorOf = ({ stack }: LiveEnvironment) => `doom-${stack}-code-server-1`;
const imageOf = async (environment: LiveEnvironment) =>
  (await engine.getContainer(editorOf(environment)).inspect()).Image;
const seen = async () => [fileOf(target), await containerIds(target.stack)];

beforeAll(async () => {
  copy = createProjectCopy();
  const old = await buildImage("code-server", { CODE_SERVER_VERSION: OLD });
  source = await copy.addStack({ image: { version: NEW }, variables: { GREETING: "hello" } });
  target = await copy.addStack({ image: { reference: old } });
  target.configure((value) => ({ ...value, promotion: { from: source.stack } }));
  // The pack is told that this stack runs promoted images only.
  const demanded = { record: path.relative(path.join(copy.root, "policy"), allowed()) };
  writeFileSync(
    path.join(copy.root, "policy", "config", `${target.stack}.json`),
    JSON.stringify({ "policy-configuration": { environment: "dev" } }),
  );
  const init = await doom("init");
  expect(init.code, init.stderr).toBe(0);
  const ups = await Promise.all([source, target].map(({ stack }) => doom("up", stack)));
  for (const { code, stderr } of ups) expect(code, stderr).toBe(0);
  await runIn(editorOf(target), ["bash", "-c", "echo work >/config/workspace/file"], "1000:1000");
  writeFileSync(
    path.join(copy.root, "policy", "config", `${target.stack}.json`),
    JSON.stringify({
      "policy-configuration": { environment: "dev" },
      "stack-promoted-images": demanded,
    }),
  );
});
afterAll(() => copy?.dispose());

const allowed = () => promotedImagesFile(copy.project, target.stack);

describe("what is refused before anything is looked at", () => {
  it.each([
    ["to itself", () => [source.stack, source.stack]],
    ["backwards", () => [target.stack, source.stack]],
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

describe("a gate that is shut leaves the target as it was, and is recorded", () => {
  const withTerms = (terms: object) => () =>
    target.configure((value) => ({ ...value, promotion: { from: source.stack, ...terms } }));
  const withZone = (timeZone: string) => () =>
    source.configure((value) => ({ ...value, timeZone }));
  const nothing = () => {};

  it.each<[string, string, () => unknown, () => unknown, string[]]>([
    ["soak", "of 600 minutes", withTerms({ soakMinutes: 600 }), withTerms({}), []],
    ["approvals", "anna has not", withTerms({ approvals: ["anna"] }), withTerms({}), []],
    ["as declared", "would replace", withZone("Europe/Berlin"), withZone("UTC"), []],
    ["bundle", "was asked for", nothing, nothing, ["--expect", "sha256:0"]],
  ])("%s", async (gate, evidence, shut, open, options) => {
    await shut();
    const before = await seen();
    const { code, stderr } = await promote(...options);
    expect([code, stderr]).toEqual([EXIT_CODES.refused, expect.stringContaining(`${gate}: `)]);
    expect(stderr).toContain(evidence);
    expect(await seen()).toEqual(before);
    const last = readPromotions(copy.project, target.stack).at(-1);
    expect(last?.result).toBe("refused");
    expect(last?.gates.filter(({ passed }) => !passed).map(({ name }) => name)).toEqual([gate]);
    await open();
  });

  it("healthy", async () => {
    const gateway = engine.getContainer(`doom-${source.stack}-gateway`);
    await gateway.stop();
    const { code, stderr } = await promote();
    await gateway.start();
    await waitForContainer(`doom-${source.stack}-gateway`, isHealthy);
    expect([code, stderr]).toEqual([
      EXIT_CODES.refused,
      expect.stringContaining(`healthy: doom-${source.stack}-gateway`),
    ]);
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

  it("brings image and settings, and keeps the data", async () => {
    const { code, stdout, stderr } = await promote("--expect", hash, "--watch", "5", "--json");
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ changed: true, promotion: { hash } });
    expect(await imageOf(target)).toBe(await imageOf(source));
    expect(await runIn(editorOf(target), ["printenv", "GREETING"])).toContain("hello");
    expect(await runIn(editorOf(target), ["cat", "/config/workspace/file"])).toContain("work");
    const [gateway] = await containersOf(target.stack, "gateway");
    const published = gateway?.HostConfig.PortBindings as Record<string, { HostPort: string }[]>;
    const ports = Object.values(published).flatMap((all) => all.map(({ HostPort }) => HostPort));
    expect(ports).toEqual([String(target.port)]);
  });

  it("is not made twice", async () => {
    const entries = readPromotions(copy.project, target.stack).length;
    const { code, stdout } = await promote("--json");
    expect([code, JSON.parse(stdout).changed]).toEqual([0, false]);
    expect(readPromotions(copy.project, target.stack)).toHaveLength(entries);
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

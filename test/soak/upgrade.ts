import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { SESSION_PATHS } from "../../checks/volatilePaths";
import { dockerName } from "../../config/names";
import { createManifest } from "../../operations/manifest";
import { describeDifference } from "../../operations/placeCopy";
import { READING, withToolsContainer } from "../../operations/toolsContainer";
import { differencesOf } from "../../operations/upgradeData";
import { engine, isHealthy, runIn, waitForContainer } from "../support/dockerHost";
import { runDoom } from "../support/doomProcess";
import { createProjectCopy, type ProjectCopy } from "../support/projectCopy";
import type { Soak, SoakContext, SoakRun } from "./soak";

const [OLD, NEW] = ["4.133.0", "4.139.1"];

/** One editor goes to another real version and back, while its data changes. */
export const upgradeSoak: Soak = {
  name: "upgrade",
  summary: "upgrades and rollbacks between real versions, image, file and data proven apart",
  count: 59,
  begin,
};

async function begin({ report }: SoakContext): Promise<SoakRun> {
  const copy = createProjectCopy();
  try {
    const { stack } = await copy.addStack({ image: { version: OLD } });
    report(`bringing up ${OLD}, which is built first where it is not there`);
    await doom(copy, "init", stack);
    await doom(copy, "up", stack);
    return { once: (seed) => thereAndBack(copy, stack, seed), end: () => copy.dispose() };
  } catch (error) {
    await copy.dispose();
    throw error;
  }
}

async function thereAndBack(copy: ProjectCopy, stack: string, seed: number): Promise<string> {
  const [editor, data] = [dockerName(stack, "code-server", 1), dockerName(stack, "data", 1)];
  const file = path.join(copy.root, `Pulumi.${stack}.yaml`);
  await work(editor, seed);
  const [image, text] = [await imageOf(editor), readFileSync(file, "utf8")];
  const before = await manifestOf(copy, data, "before");
  await doom(copy, "upgrade", stack, "--to", NEW as string, "--watch", "0");
  await waitForContainer(editor, isHealthy);
  if ((await imageOf(editor)) === image) throw new Error("the image is the old one");
  await requireSame(before, await manifestOf(copy, data, "upgraded"), "the upgrade");
  await work(editor, seed + 1);
  const answer = await doom(copy, "rollback", stack, "--json");
  await waitForContainer(editor, isHealthy);
  if ((await imageOf(editor)) !== image) throw new Error("the image did not come back");
  if (readFileSync(file, "utf8") !== text) throw new Error("the stack's file did not come back");
  await requireSame(before, await manifestOf(copy, data, "returned"), "the rollback");
  const { kept } = JSON.parse(answer) as { kept: Record<string, string> };
  for (const volume of Object.values(kept)) await engine.getVolume(volume).remove();
  return `${OLD} to ${NEW} and back`;
}

async function doom(copy: ProjectCopy, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runDoom(copy.root, args);
  if (code !== 0) throw new Error(`doom ${args.join(" ")} ended with ${code}:\n${stderr}`);
  return stdout;
}

/** Somebody's work: files come, change and go. */
async function work(editor: string, seed: number): Promise<void> {
  const script = `cd /config/workspace; mkdir -p part-$(($1 % 7)); rm -f part-$(($1 % 5))/*
    for i in $(seq $(($1 % 20 + 1))); do echo "$2 $i" >"part-$(($1 % 7))/$i"; done
    ln -f "part-$(($1 % 7))/1" linked`;
  const word = randomBytes(8).toString("hex");
  await runIn(editor, ["bash", "-euc", script, "work", String(seed), word], "1000:1000");
}

async function imageOf(container: string): Promise<string> {
  return (await engine.getContainer(container).inspect()).Image;
}

async function manifestOf(copy: ProjectCopy, volume: string, name: string): Promise<string> {
  const file = path.join(copy.root, `${name}.jsonl`);
  const mount = { kind: "volume", from: volume, at: "/source", readOnly: true } as const;
  await withToolsContainer({ mounts: [mount], capabilities: READING }, (tools) =>
    createManifest(tools, { root: "/source", file, live: true }),
  );
  return file;
}

async function requireSame(expected: string, found: string, what: string): Promise<void> {
  const differences = await differencesOf(expected, found, SESSION_PATHS);
  if (differences.length === 0) return;
  throw new Error([`${what} changed data:`, ...differences.map(describeDifference)].join("\n  "));
}

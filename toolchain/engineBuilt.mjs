// @ts-check
import { rm } from "node:fs/promises";
import { buildPart, markerFile, partStatus } from "./engine/build.mjs";
import { findPart } from "./engine/parts.mjs";
import { probePart } from "./engine/probe.mjs";
import { requireGo } from "./goToolchain.mjs";
import { formatElapsed } from "./progress.mjs";
import { SetupError } from "./step.mjs";

/**
 * The engine's parts as `engine/` builds them, for the set-up's steps.
 *
 * @typedef {import("./step.mjs").Context} Context
 * @typedef {"cli" | "language-host" | "docker-plugin" | "command-plugin"} PartId
 *
 * @typedef {"absent" | "stale" | "official" | "built"} BuiltState
 *   stale: built here from other sources or pins; official: not built here
 */

/**
 * @param {Context} context
 * @param {PartId} id
 * @returns {Promise<BuiltState>}
 */
export async function builtState({ pulumiHome }, id) {
  const { state } = await partStatus(findPart(id), { pulumiHome });
  return state === "foreign" ? "official" : state;
}

/**
 * Builds those parts that are not there as built from the present sources.
 * @param {Context} context
 * @param {readonly PartId[]} ids
 */
export async function buildMissing(context, ids) {
  for (const id of ids) {
    if ((await builtState(context, id)) !== "built") await build(context, id);
  }
}

/**
 * @param {Context} context
 * @param {PartId} id
 */
async function build(context, id) {
  const part = findPart(id);
  const { pulumiHome, run } = context;
  const go = part.command[0] === "{go}" ? await requireGo(context) : undefined;
  const tool = go ? `Go ${go.version} (${go.origin})` : `Node.js ${process.versions.node}`;
  context.detail(`building the ${part.title} with ${tool}`);
  const since = performance.now();
  const tools = go ? { go: go.file, env: go.env } : { env: context.env };
  await buildPart(part, { pulumiHome, run, ...tools });
  const problem = await probePart(part, { pulumiHome, env: context.env });
  if (!problem) {
    const elapsed = formatElapsed((performance.now() - since) / 1000);
    return context.note(`${part.title}: built with ${tool}, ${elapsed}`);
  }
  // Its marker would make the next run believe in it.
  await removePart(context, id);
  throw new SetupError(`the ${part.title} was built but does not run: ${problem}`, "see the log");
}

/**
 * @param {Context} context
 * @param {PartId} id
 */
export async function removePart({ pulumiHome }, id) {
  const { file } = await partStatus(findPart(id), { pulumiHome });
  await rm(file, { force: true });
  await rm(markerFile(file), { force: true });
}

/**
 * Starts a part and looks whether it answers as it should.
 * @param {Context} context
 * @param {PartId} id
 * @returns {Promise<string | undefined>} what is wrong
 */
export function probe({ pulumiHome, env }, id) {
  return probePart(findPart(id), { pulumiHome, env });
}

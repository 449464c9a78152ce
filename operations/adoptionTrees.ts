import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clash, clashesOf, mergeManifests } from "../checks/manifestMerge";
import type { Room } from "../checks/transferText";
import { dockerLabels, dockerName } from "../config/names";
import type { OldSetup } from "./adoptionFind";
import { CopyRecord } from "./copyRecord";
import { extensionsIn } from "./extensions";
import { errorText, Failure } from "./failure";
import { createManifest, manifestEntries } from "./manifest";
import { identityOf, type MigrationContext, TARGET } from "./migrationContainer";
import { lookAt, type Place } from "./migrationPlaces";
import type { Project } from "./project";
import { ToolFailed, type ToolsContainer, type ToolsMount } from "./toolsContainer";
import { isEmpty, needsOf } from "./treeRoom";

/** What an adoption reads and writes, as its tools container sees it. */

/** What the old editor has as `/config`. */
export const CONFIG = "/sources/config";
/** The folder with the projects; named as it is called in the new `/config`. */
export const WORKSPACE = "/sources/workspace";
/** Where the projects are in the new volume: the image's DEFAULT_WORKSPACE is `/config/workspace`. */
export const INSIDE = "workspace";

/** The old data, read-only, and the volume of the new editor if it is there. */
export function mountsOf(
  { config, workspace }: OldSetup,
  target: Place,
  access: "read" | "write",
): ToolsMount[] {
  const source = ({ kind, at }: Place, place: string) => [
    { kind, from: at, at: place, readOnly: true },
  ];
  return [
    ...source(config, CONFIG),
    ...(workspace ? source(workspace, WORKSPACE) : []),
    ...(target.exists
      ? [{ kind: target.kind, from: target.at, at: TARGET, readOnly: access === "read" }]
      : []),
  ];
}

/** The volume of the first editor of `stack`, which may have to be made; the stack may, too. */
export async function dataVolume(
  { project, docker }: MigrationContext,
  stack: string,
): Promise<Place> {
  const name = dockerName(stack, "data", 1);
  const place = await lookAt(project, docker, { kind: "volume", name });
  if (place.exists) return place;
  return { ...place, labels: dockerLabels(stack, "data", 1), stack, role: "data" };
}

/** What is remembered of a copy of just these trees to just this volume. */
export async function openRecord(
  tools: ToolsContainer,
  project: Project,
  { config, workspace }: OldSetup,
  target: Place,
): Promise<CopyRecord> {
  const sources = [
    await identityOf(tools, CONFIG, config),
    ...(workspace ? [await identityOf(tools, WORKSPACE, workspace)] : []),
  ];
  const to = target.exists ? await identityOf(tools, TARGET, target) : "";
  return new CopyRecord(project, target.key, sources.join("+"), to);
}

/**
 * Whether the new volume is untouched, our own copy that was begun, or one that was proven.
 *
 * Throws a {@link Failure} when it holds anything else.
 */
export async function copyStateOf(
  tools: ToolsContainer,
  { state }: CopyRecord,
  target: Place,
): Promise<"none" | "copying" | "verified"> {
  if (state === "copying" || state === "verified") return state;
  if (!target.exists || (await isEmpty(tools, TARGET))) return "none";
  throw new Failure(
    "data",
    `${target.stack} holds data of its own: ${target.title} is not empty.`,
    {
      fix: `adopt into another environment (npx doom adopt NAME); or, when nothing in this one is needed, delete it first: npx doom down ${target.stack} --purge`,
    },
  );
}

/** What the old data takes on a disk. */
export async function needsOfSetup(
  tools: ToolsContainer,
  { workspace }: OldSetup,
): Promise<Room["needed"]> {
  const all = await Promise.all(
    [CONFIG, ...(workspace ? [WORKSPACE] : [])].map((root) => needsOf(tools, root)),
  );
  return {
    bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
    files: all.reduce((sum, { files }) => sum + files, 0),
  };
}

/**
 * The extensions of the old editor, `publisher.name@1.2.3`, read from its files: the gate wants to find
 * them in the new one. Throws a {@link Failure} when one of them is not whole.
 */
export async function extensionsOfSetup(tools: ToolsContainer): Promise<readonly string[]> {
  const print = async (command: readonly string[]) => (await tools.run(command)).stdout;
  try {
    return await extensionsIn(`${CONFIG}/extensions`, print);
  } catch (error) {
    if (error instanceof ToolFailed) throw error;
    throw new Failure("data", "The extensions of the old editor are not whole:", {
      problems: [errorText(error)],
      fix: "install those again in the old editor, or remove them there",
    });
  }
}

/** Throws a {@link Failure} when the folder with the projects would replace something of `/config`. */
export async function refuseClashes(
  tools: ToolsContainer,
  { config, workspace }: OldSetup,
): Promise<void> {
  if (workspace === undefined) return;
  const find = ["find", CONFIG, "-mindepth", "1", "-maxdepth", "1", "-name", INSIDE];
  const { stdout: type } = await tools.run([...find, "-printf", "%y"]);
  if (type === "") return;
  if (type !== "d") throw clashFailure(config, workspace, [{ path: INSIDE, kinds: ["type"] }]);
  if (await isEmpty(tools, `${CONFIG}/${INSIDE}`)) return;
  const folder = mkdtempSync(join(tmpdir(), "doom-adopt-"));
  try {
    const [present, coming] = [join(folder, "present"), join(folder, "coming")];
    await createManifest(tools, { root: `${CONFIG}/${INSIDE}`, file: present, live: true });
    await createManifest(tools, { root: WORKSPACE, file: coming, live: true });
    const outer = mergeManifests([], manifestEntries(present), INSIDE);
    const clashes = await clashesOf(outer, manifestEntries(coming), INSIDE);
    if (clashes.length > 0) throw clashFailure(config, workspace, clashes);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** How many paths a message names. */
const SHOWN = 10;

/** The projects would replace these paths of `/config`. */
export function clashFailure(config: Place, workspace: Place, clashes: readonly Clash[]): Failure {
  const more = clashes.length - SHOWN;
  return new Failure(
    "data",
    `${workspace.title} becomes ${INSIDE} in the new volume, but ${config.title} has other things there:`,
    {
      problems: [
        ...clashes
          .slice(0, SHOWN)
          .map(({ path, kinds }) => `${path} (${kinds.join(", ")} differs)`),
        ...(more > 0 ? [`… ${more} more`] : []),
      ],
      fix: `give them other names in the old editor, or move them out of /config/${INSIDE}`,
    },
  );
}

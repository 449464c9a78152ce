import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type Docker from "dockerode";
import type { Bundle, PromotionTerms, Runner, Verdicts } from "../checks/promotion";
import { parseStackFile } from "../checks/stackFile";
import { storageLevel, storageWarning } from "../checks/storage";
import type { FlatSettings } from "../config/flatSettings";
import { SECRETS_KEY } from "../config/keys";
import { promotedSettings, withPromoted } from "../config/promotion";
import type { EnvironmentConfig } from "../config/schema";
import { StackDocument } from "../config/stackDocument";
import { errorCode, Failure } from "./failure";
import { listStacks, type Project, readStackFile } from "./project";
import type { Drill } from "./snapshotDrill";
import { recordFolder } from "./snapshotPlaces";
import { measureStorage } from "./storageUse";
import { openJournals, readRecords } from "./upgradeRecords";
import { SERVICES } from "./upgradeServices";
import { environmentIn, readStackText } from "./upgradeTarget";

/** What a promotion has to know of its source and its target. Nothing here changes anything. */

/** The role whose image is what is promoted. */
const EDITOR = "code-server";
/** Roles of containers that one run of an operation makes. */
const PASSING: readonly string[] = ["tools", "rehearsal"];

/** The terms of the target for a promotion from there. Throws a {@link Failure} when it allows none. */
export function requireTerms(project: Project, from: string, to: string): PromotionTerms {
  for (const stack of [from, to]) readStackFile(project, stack);
  if (from === to) {
    throw new Failure("usage", `${from} cannot be promoted to itself.`, {
      fix: `allowed: ${allowedSteps(project).join(", ") || "none: no stack file has promotion.from"}`,
    });
  }
  const { promotion } = environmentIn(readStackText(project, to), to);
  if (promotion?.from === from) return promotion;
  const allowed = allowedSteps(project).join(", ");
  const why =
    promotion === undefined
      ? `Pulumi.${to}.yaml does not say where it is promoted from`
      : `only ${promotion.from} is promoted to ${to}`;
  throw new Failure("usage", `${from} cannot be promoted to ${to}: ${why}.`, {
    fix:
      allowed === ""
        ? `set promotion.from in Pulumi.${to}.yaml`
        : `allowed: ${allowed}; an environment's own file says so (promotion.from)`,
  });
}

/** `dev to staging`, for each step that the stack files allow; those that cannot be read allow none. */
function allowedSteps(project: Project): string[] {
  return listStacks(project).flatMap((stack) => {
    const { environment } = readStackFile(project, stack);
    const from = (environment as { promotion?: { from?: unknown } } | undefined)?.promotion?.from;
    return typeof from === "string" ? [`${from} to ${stack}`] : [];
  });
}

/** The containers of a stack, running or not, as Docker knows them. */
export async function runnersOf(
  docker: Docker,
  stack: string,
): Promise<(Runner & { readonly role: string; readonly image: string })[]> {
  const filters = { label: [`doom.stack=${stack}`] };
  const found = await docker.listContainers({ all: true, filters });
  const looks = await Promise.all(found.map(({ Id }) => docker.getContainer(Id).inspect()));
  return looks
    .filter(({ Config }) => !PASSING.includes(Config.Labels["doom.role"] ?? ""))
    .map(({ Name, State, Config, Image }) => ({
      name: Name.slice(1),
      role: Config.Labels["doom.role"] ?? "",
      image: Image,
      healthy: State.Running && (State.Health === undefined || State.Health.Status === "healthy"),
      startedAt: Date.parse(State.StartedAt),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The image that all editors run. Throws a {@link Failure} when there is none, or more than one. */
export function editorImage(
  stack: string,
  runners: readonly { readonly role: string; readonly image: string }[],
): string {
  const images = runners.filter(({ role }) => role === EDITOR).map(({ image }) => image);
  const [image, ...others] = new Set(images);
  if (image !== undefined && others.length === 0) return image;
  const what = image === undefined ? "has no editor" : "has editors of different images";
  throw new Failure("unhealthy", `${stack} ${what}: there is nothing to promote.`, {
    fix: `npx doom up ${stack}`,
  });
}

/** Names of the secrets that users have set, from the file as it stands. */
export function secretsSetIn(text: string, stack: string): string[] {
  const { ciphertexts } = parseStackFile(Buffer.from(text), `Pulumi.${stack}.yaml`);
  const prefix = `${SECRETS_KEY}.`;
  return [...ciphertexts.keys()]
    .filter((path) => path.startsWith(prefix))
    .map((path) => path.slice(prefix.length))
    .sort();
}

/** Upgrades of the stack that nobody has verified, in words. */
export function unverifiedIn(
  project: Project,
  stack: string,
  environment: EnvironmentConfig,
): string[] {
  return SERVICES.filter(
    (service) => openJournals(project, stack, service, environment).size > 0,
  ).map((service) => `the last upgrade of ${service.name} in ${stack} was not verified`);
}

/** Volumes of the stack that are full, in words: an upgrade would copy what they hold. Throws a {@link Failure}. */
export async function fullVolumes(project: Project, stack: string): Promise<string[]> {
  const measured = await measureStorage(project, stack);
  return measured.flatMap((use) =>
    "bytes" in use && storageLevel(use) === "full" ? [storageWarning(stack, use) as string] : [],
  );
}

/** A container of the source, as far as it is promoted. */
type Running = Pick<Awaited<ReturnType<typeof runnersOf>>[number], "role" | "image">;

/** The settings of the source that travel, with the image that runs there. Throws a {@link Failure}. */
export function travellingSettings(
  project: Project,
  from: string,
  runners: readonly Running[],
): FlatSettings {
  const { settings } = new StackDocument(readStackText(project, from));
  return promotedSettings(settings, editorImage(from, runners));
}

/** What a bundle is made of, besides what is on disk. */
export interface BundleFacts {
  readonly to: string;
  readonly terms: PromotionTerms;
  /** The containers of the source. */
  readonly runners: readonly Running[];
  readonly verdicts: Verdicts;
}

/** The bundle of what runs in the environment that the terms name. Throws a {@link Failure}. */
export function bundleOf(project: Project, facts: BundleFacts): Bundle {
  const { to, terms, runners, verdicts } = facts;
  const { from, soakMinutes } = terms;
  const image = editorImage(from, runners);
  const upgrade = readRecords(project, from)
    .filter(
      ({ service, editors }) => service === EDITOR && editors.every((one) => one.to.id === image),
    )
    .at(-1);
  return {
    bundle: 1,
    from,
    to,
    images: Object.fromEntries(runners.map(({ role, image: id }) => [role, id])),
    settings: Object.fromEntries(travellingSettings(project, from, runners)),
    secrets: secretsSetIn(readStackText(project, from), from),
    verdicts,
    soakMinutes,
    upgrade: upgrade === undefined ? "none" : { record: upgrade.id, result: upgrade.result },
    drill: lastDrill(project, from) ?? lastDrill(project, to) ?? "none",
  };
}

/** The evidence of the last drill of a stack's snapshots; undefined when there was none. */
function lastDrill(project: Project, stack: string): Exclude<Bundle["drill"], "none"> | undefined {
  const folder = join(recordFolder(project, stack), "drills");
  try {
    const newest = readdirSync(folder).sort().at(-1);
    if (newest === undefined) return undefined;
    const { startedAt, result } = JSON.parse(readFileSync(join(folder, newest), "utf8")) as Drill;
    return { stack, at: startedAt, result };
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** The text of the target's file with the settings that travel, all else as it was. */
export function withTravelling(text: string, promoted: FlatSettings): string {
  const document = new StackDocument(text);
  const settings = withPromoted(document.settings, promoted);
  document.setSettings(settings, new Map([["image.reference", "image.version"]]));
  return document.toString();
}

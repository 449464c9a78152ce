import { readFileSync, statSync } from "node:fs";
import type Docker from "dockerode";
import { parseStackFile } from "../checks/stackFile";
import { allowedVersions, supportedVersions } from "../checks/support";
import { imageArchitecture, imageFacts, upgradeProblems } from "../checks/upgradeImage";
import { compareVersions } from "../checks/versionOrder";
import { type EnvironmentConfig, parseEnvironment } from "../config/schema";
import { StackDocument } from "../config/stackDocument";
import { writeDurably } from "./durableFile";
import { errorText, Failure } from "./failure";
import { findProject, type Project, stackFilePath } from "./project";
import { inspectImage, requireUpgradable } from "./upgradeImages";
import { wantedImage } from "./upgradePlan";
import type { UpgradeService } from "./upgradeServices";

/** What an upgrade is to go to, in the words of `doom-coding:environment`. */
export type UpgradeTarget = { readonly version: string } | { readonly reference: string };

export interface TargetOptions {
  readonly to?: string;
  readonly image?: string;
}

const REFERENCE = /^([a-z0-9][a-z0-9._:/-]*@)?sha256:[0-9a-f]{64}$/;

/** The version or the image that was asked for; the newest version without either. Throws a {@link Failure}. */
export function targetOf({ part }: UpgradeService, { to, image }: TargetOptions): UpgradeTarget {
  if (to !== undefined && image !== undefined) {
    throw new Failure("usage", "--to and --image say two different things.", { fix: "give one" });
  }
  if (image !== undefined) {
    if (REFERENCE.test(image)) return { reference: image };
    throw new Failure(
      "usage",
      `--image is ${JSON.stringify(image)}, which may mean another image tomorrow.`,
      {
        fix: "name it by digest (NAME@sha256: and 64 hex digits) or by its ID (sha256: and 64 hex digits)",
      },
    );
  }
  const versions = supportedVersions(part);
  const version = to ?? ([...versions].sort(compareVersions).at(-1) as string);
  if (versions.includes(version)) return { version };
  throw new Failure("usage", `--to is ${JSON.stringify(version)}, which nobody has tried.`, {
    fix: `allowed: ${allowedVersions(part)}`,
  });
}

export function targetText(target: UpgradeTarget): string {
  return "version" in target ? target.version : target.reference;
}

/** What is upgraded, and the text of the stack's file with the target in it. */
export interface TargetPlace {
  readonly stack: string;
  readonly service: UpgradeService;
  readonly stackFile: string;
}

/**
 * Makes sure that the running images may give way to the target; gives the target's ID when the host has it.
 *
 * An image that is named by digest is pulled. Throws a {@link Failure} with every reason against it.
 */
export async function requireTarget(
  docker: Docker,
  place: TargetPlace,
  running: ReadonlyMap<number, string>,
  target: UpgradeTarget,
): Promise<string | undefined> {
  const environment = environmentIn(place.stackFile, place.stack);
  const name = await wantedImage(docker, findProject().root, place.service, environment);
  if ("reference" in target) await pullMissing(docker, target.reference);
  const present = await inspectImage(docker, name);
  for (const id of new Set(running.values())) {
    const old = await inspectImage(docker, id);
    const from = { version: old && imageFacts(old).version };
    if (present !== undefined && present.Id === id) continue;
    if (present === undefined && "version" in target)
      await requireStep(docker, place, from, target.version);
    else await requireUpgradable(docker, place, from, name);
  }
  return present?.Id;
}

/** The same for an image that will be built here, for this host and with our health check. */
async function requireStep(
  docker: Docker,
  { stack, service }: TargetPlace,
  from: { readonly version: string | undefined },
  version: string,
): Promise<void> {
  const [{ Architecture: architecture }, { ApiVersion: apiVersion }] = await Promise.all([
    docker.info() as Promise<{ Architecture: string }>,
    docker.version(),
  ]);
  const own = imageArchitecture(architecture);
  const to = { id: "", version, architecture: own, hasHealthCheck: true };
  const problems = upgradeProblems({
    part: service.part,
    from,
    to,
    host: { architecture, apiVersion },
  });
  if (problems.length === 0) return;
  throw new Failure("configuration", `${stack} cannot be upgraded to ${service.name} ${version}:`, {
    problems,
    fix: "choose another version; nothing was changed",
  });
}

async function pullMissing(docker: Docker, reference: string): Promise<void> {
  if ((await inspectImage(docker, reference)) !== undefined) return;
  const [name, digest] = reference.split("@");
  if (digest === undefined) return;
  try {
    const output = await docker.pull(reference, {});
    await new Promise<void>((resolve, reject) => {
      const end = (error: Error | null) => (error ? reject(error) : resolve());
      docker.modem.followProgress(output, end, () => {});
    });
  } catch (error) {
    const { RepoDigests = [] } = ((await inspectImage(docker, name as string)) ?? {}) as {
      RepoDigests?: string[];
    };
    const others = RepoDigests.length > 0 ? ` Its digests here are ${RepoDigests.join(", ")}.` : "";
    throw new Failure(
      "configuration",
      `There is no image ${reference}: neither on the Docker host nor where it could come from (${errorText(error).split("\n")[0]}).${others}`,
      { fix: "see whether name and digest are right (docker image ls --digests)" },
    );
  }
}

/** The text of a stack file with another target, all else as it was. */
export function withTarget(text: string, service: UpgradeService, target: UpgradeTarget): string {
  const document = new StackDocument(text);
  const settings = document.settings;
  const { versionKey, referenceKey } = service;
  const [key, other] =
    "version" in target ? [versionKey, referenceKey] : [referenceKey, versionKey];
  settings.delete(other);
  settings.set(key, targetText(target));
  document.setSettings(settings, new Map([[key, other]]));
  return document.toString();
}

/** The environment that a stack's file describes. */
export function environmentIn(text: string, stack: string): EnvironmentConfig {
  return parseEnvironment(parseStackFile(Buffer.from(text), `Pulumi.${stack}.yaml`).environment);
}

/** The text of the stack's file as it is. */
export function readStackText(project: Project, stack: string): string {
  return readFileSync(stackFilePath(project, stack), "utf8");
}

/** Replaces it whole; the same text leaves the file alone. */
export function writeStackText(project: Project, stack: string, text: string): void {
  const file = stackFilePath(project, stack);
  if (readStackText(project, stack) === text) return;
  writeDurably(file, text, statSync(file).mode & 0o777);
}

import type Docker from "dockerode";
import { bytesText } from "../checks/transferText";
import { imageFacts } from "../checks/upgradeImage";
import type { RecordedImage } from "../checks/upgradeRecord";
import { imageName } from "../config/names";
import type { EnvironmentConfig } from "../config/schema";
import { connectDocker, dockerFailure } from "./dockerHost";
import { findBaseImage, type ImageSource } from "./imageSources";
import { findProject } from "./project";
import { READING, withToolsContainer } from "./toolsContainer";
import { needsOf } from "./treeRoom";
import { imageText, inspectImage, named } from "./upgradeImages";
import { SERVICES, type UpgradeService, unitVolume } from "./upgradeServices";

/** What an update would do to one container that runs another image than it is to have. */
export interface UpgradePlan {
  readonly service: UpgradeService;
  readonly instance: number;
  readonly from: RecordedImage;
  /** Undefined when it has to be built or pulled first. */
  readonly to: RecordedImage | undefined;
  /** The version that it is to have, for people. */
  readonly wanted: string;
  /** The volume whose data is copied. */
  readonly volume: string;
  readonly bytes: number;
  readonly files: number;
}

/**
 * The name or the address of the image that a service of an environment is to run.
 *
 * Throws a Failure when there is nothing to build images on.
 */
export async function wantedImage(
  docker: Docker,
  root: string,
  service: UpgradeService,
  environment: EnvironmentConfig,
): Promise<string> {
  return nameOf(await wantedSource(docker, root, service, environment));
}

async function wantedSource(
  docker: Docker,
  root: string,
  service: UpgradeService,
  environment: EnvironmentConfig,
): Promise<ImageSource> {
  return service.image({ root, base: await findBaseImage(docker, root) }, environment);
}

function nameOf(source: ImageSource): string {
  return "reference" in source
    ? source.reference
    : imageName(source.folder, source.tag, source.contentHash);
}

/**
 * The upgrades that an update of the stack would make; none for what is new or keeps its image.
 *
 * Changes nothing. Throws a Failure when Docker does not answer.
 */
export async function planUpgrades(
  stack: string,
  environment: EnvironmentConfig,
): Promise<UpgradePlan[]> {
  try {
    const docker = await connectDocker();
    const plans = SERVICES.map((service) => plansOf(docker, stack, service, environment));
    return (await Promise.all(plans)).flat();
  } catch (error) {
    throw (error as { statusCode?: number }).statusCode === undefined
      ? error
      : dockerFailure(error);
  }
}

async function plansOf(
  docker: Docker,
  stack: string,
  service: UpgradeService,
  environment: EnvironmentConfig,
): Promise<UpgradePlan[]> {
  const numbers = service.numbers(environment);
  if (numbers.length === 0) return [];
  const filters = { label: [`doom.stack=${stack}`, `doom.role=${service.name}`] };
  const [running, source] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    wantedSource(docker, findProject().root, service, environment),
  ]);
  const wanted = await inspectImage(docker, nameOf(source));
  const others = running.filter(({ ImageID }) => ImageID !== wanted?.Id);
  const plans: UpgradePlan[] = [];
  for (const { ImageID, Labels } of others) {
    const instance = Number(Labels["doom.instance"] ?? 1);
    if (!numbers.includes(instance)) continue;
    const old = await inspectImage(docker, ImageID);
    const volume = unitVolume(stack, { service, instance });
    plans.push({
      service,
      instance,
      from: old === undefined ? { id: ImageID } : named(imageFacts(old)),
      to: wanted && named(imageFacts(wanted)),
      wanted: "tag" in source ? source.tag : "the image",
      volume,
      ...(await sizeOf(stack, volume)),
    });
  }
  return plans.sort((a, b) => a.instance - b.instance);
}

function sizeOf(stack: string, volume: string): Promise<{ bytes: number; files: number }> {
  const mount = { kind: "volume", from: volume, at: "/source", readOnly: true } as const;
  return withToolsContainer({ stack, mounts: [mount], capabilities: READING }, (tools) =>
    needsOf(tools, "/source"),
  );
}

/** The plans as lines for people. */
export function describeUpgrades(plans: readonly UpgradePlan[]): string[] {
  return plans.map(({ service, instance, from, to, wanted, volume, bytes, files }) => {
    const target = to ? imageText(to) : `${wanted}, which is made first`;
    return [
      `${service.title(instance)} goes from ${imageText(from)} to ${target}:`,
      `${volume} (${bytesText(bytes)}, ${files} files) is copied, and copied once more to rehearse on,`,
      `which needs ${bytesText(2 * bytes)};`,
      "it is away for about as long as two restarts take",
    ].join(" ");
  });
}

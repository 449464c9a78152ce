import { bytesText } from "../checks/transferText";
import { imageFacts } from "../checks/upgradeImage";
import type { RecordedImage } from "../checks/upgradeRecord";
import { dockerName, imageName } from "../config/names";
import type { EnvironmentConfig } from "../config/schema";
import { connectDocker, dockerFailure } from "./dockerHost";
import { codeServerImage } from "./imageSources";
import { findProject } from "./project";
import { READING, withToolsContainer } from "./toolsContainer";
import { needsOf } from "./treeRoom";
import { imageText, inspectImage, named } from "./upgradeImages";

/** What an update would do to one editor that runs another image than it is to have. */
export interface UpgradePlan {
  readonly instance: number;
  readonly from: RecordedImage;
  /** Undefined when it has to be built or pulled first. */
  readonly to: RecordedImage | undefined;
  /** The volume whose data is copied. */
  readonly volume: string;
  readonly bytes: number;
  readonly files: number;
}

/** The name or the address of the image that an environment is to run. */
export function wantedImage(root: string, { image }: Pick<EnvironmentConfig, "image">): string {
  const source = codeServerImage(root, image);
  return "reference" in source
    ? source.reference
    : imageName(source.folder, source.tag, source.contentHash);
}

/**
 * The upgrades that an update of the stack would make; none for editors that are new or keep their image.
 *
 * Changes nothing. Throws a Failure when Docker does not answer.
 */
export async function planUpgrades(
  stack: string,
  environment: EnvironmentConfig,
): Promise<UpgradePlan[]> {
  try {
    const docker = await connectDocker();
    const filters = { label: [`doom.stack=${stack}`, "doom.role=code-server"] };
    const [running, wanted] = await Promise.all([
      docker.listContainers({ all: true, filters }),
      inspectImage(docker, wantedImage(findProject().root, environment)),
    ]);
    const others = running.filter(({ ImageID }) => ImageID !== wanted?.Id);
    const plans: UpgradePlan[] = [];
    for (const { ImageID, Labels } of others) {
      const instance = Number(Labels["doom.instance"]);
      if (instance > environment.instances) continue;
      const old = await inspectImage(docker, ImageID);
      const volume = dockerName(stack, "data", instance);
      plans.push({
        instance,
        from: old === undefined ? { id: ImageID } : named(imageFacts(old)),
        to: wanted && named(imageFacts(wanted)),
        volume,
        ...(await sizeOf(stack, volume)),
      });
    }
    return plans.sort((a, b) => a.instance - b.instance);
  } catch (error) {
    throw (error as { statusCode?: number }).statusCode === undefined
      ? error
      : dockerFailure(error);
  }
}

function sizeOf(stack: string, volume: string): Promise<{ bytes: number; files: number }> {
  const mount = { kind: "volume", from: volume, at: "/source", readOnly: true } as const;
  return withToolsContainer({ stack, mounts: [mount], capabilities: READING }, (tools) =>
    needsOf(tools, "/source"),
  );
}

/** The plans as lines for people. */
export async function describeUpgrades(
  stack: string,
  environment: EnvironmentConfig,
): Promise<string[]> {
  const plans = await planUpgrades(stack, environment);
  return plans.map(({ instance, from, to, volume, bytes, files }) => {
    const wanted = "version" in environment.image ? environment.image.version : "the image";
    const target = to ? imageText(to) : `${wanted}, which is made first`;
    return [
      `editor ${instance} goes from ${imageText(from)} to ${target}:`,
      `${volume} (${bytesText(bytes)}, ${files} files) is copied, and copied once more to rehearse on,`,
      `which needs ${bytesText(2 * bytes)};`,
      "it is away for about as long as two restarts take",
    ].join(" ");
  });
}

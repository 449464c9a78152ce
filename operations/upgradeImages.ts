import type Docker from "dockerode";
import {
  type ImageFacts,
  type InspectedImage,
  imageFacts,
  upgradeProblems,
} from "../checks/upgradeImage";
import type { RecordedImage } from "../checks/upgradeRecord";
import { dockerFailure } from "./dockerHost";
import { Failure } from "./failure";
import type { UpgradeService } from "./upgradeServices";

/** Images as the Docker host has them. */

/** An image by its ID, name or digest; undefined when the host does not have it. */
export async function inspectImage(
  docker: Docker,
  reference: string,
): Promise<(InspectedImage & { readonly Config: { readonly Env?: string[] | null } }) | undefined> {
  try {
    return (await docker.getImage(reference).inspect()) as never;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw dockerFailure(error);
  }
}

/** As journals and records name it. */
export function named({ id, version }: Pick<ImageFacts, "id" | "version">): RecordedImage {
  return version === undefined ? { id } : { id, version };
}

/** `4.139.1 (sha256:e72f42d5566e)`. */
export function imageText({ id, version }: RecordedImage): string {
  return `${version ?? "an unknown version"} (${id.slice(0, "sha256:".length + 12)})`;
}

/**
 * The facts of an image that an environment may go over to from `from`.
 *
 * Throws a {@link Failure} with every reason why not; nothing has changed then.
 */
export async function requireUpgradable(
  docker: Docker,
  { stack, service }: { readonly stack: string; readonly service: UpgradeService },
  from: Pick<ImageFacts, "version">,
  reference: string,
): Promise<ImageFacts> {
  const found = await inspectImage(docker, reference);
  if (found === undefined) {
    throw new Failure("configuration", `There is no image ${reference} on the Docker host.`, {
      fix: "docker image ls --digests shows what there is",
    });
  }
  const to = imageFacts(found);
  const [info, { ApiVersion }] = await Promise.all([
    docker.info() as Promise<{ Architecture: string }>,
    docker.version(),
  ]);
  const host = { architecture: info.Architecture, apiVersion: ApiVersion };
  const problems = upgradeProblems({ part: service.part, from, to, host });
  if (problems.length === 0) return to;
  throw new Failure(
    "configuration",
    `${stack} cannot be upgraded to ${service.name} ${imageText(named(to))}:`,
    {
      problems,
      fix: "choose another image; nothing was changed",
    },
  );
}

import path from "node:path";
import type Docker from "dockerode";
import { imageLabels, imageName } from "../config/names";
import { connectDocker } from "./dockerHost";
import { errorText, Failure } from "./failure";
import { findBaseImage, toolsImageSource } from "./imageSources";
import { findProject } from "./project";
import { inspectImage } from "./upgradeImages";

/** The image with the programs that read and write the data of volumes: images/tools. */

/** What a caller may want to know or decide of a build. */
export interface BuildOptions {
  /** Told each step of the build; not called when the image is there. */
  readonly report?: (step: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Makes sure that the image for the present sources exists on the Docker host, and gives its ID.
 *
 * The first build takes about half a minute and fetches Debian packages. Throws a {@link Failure} when
 * Docker does not answer or the build fails.
 */
export async function ensureToolsImage(options: BuildOptions = {}): Promise<string> {
  const { root } = findProject();
  // Steps of a build may be silent for long.
  const docker = await connectDocker(0);
  const source = toolsImageSource(root, await findBaseImage(docker, root));
  const name = imageName(source.folder, source.tag, source.contentHash);
  const present = (await inspectImage(docker, name))?.Id;
  if (present !== undefined) return present;
  try {
    await build(docker, path.join(root, "images"), name, source, options);
  } catch (error) {
    options.signal?.throwIfAborted();
    throw new Failure("preflight", `The image ${name} cannot be built: ${errorText(error)}`, {
      fix: "building needs Debian's package archive; run the command again once it can be reached",
    });
  }
  return (await inspectImage(docker, name))?.Id as string;
}

/** With the classic builder and the host's network, as components/image.ts has the others built. */
async function build(
  docker: Docker,
  context: string,
  name: string,
  { folder, contentHash, buildArgs }: ReturnType<typeof toolsImageSource>,
  { report = () => {}, signal }: BuildOptions,
): Promise<void> {
  const output = await docker.buildImage(
    { context, src: [folder] },
    {
      t: name,
      dockerfile: `${folder}/Dockerfile`,
      version: "1",
      networkmode: "host",
      buildargs: buildArgs,
      labels: imageLabels(contentHash),
      forcerm: true,
      ...(signal === undefined ? {} : { abortSignal: signal }),
    },
  );
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(
      output,
      (error: Error | null) => (error ? reject(error) : resolve()),
      ({ stream }: { stream?: string }) => {
        if (stream?.startsWith("Step ")) report(stream.trim());
      },
    );
  });
}

import path from "node:path";
import type Docker from "dockerode";
import { imageLabels, imageName } from "../config/names";
import { connectDocker, dockerFailure } from "./dockerHost";
import { errorText, Failure } from "./failure";
import { toolsImageSource } from "./imageSources";
import { findProject } from "./project";

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
  const source = toolsImageSource(root);
  const name = imageName(source.folder, source.tag, source.contentHash);
  // Steps of a build may be silent for long.
  const docker = await connectDocker(0);
  const present = await imageId(docker, name);
  if (present !== undefined) return present;
  try {
    await build(docker, path.join(root, "images"), name, source, options);
  } catch (error) {
    options.signal?.throwIfAborted();
    throw new Failure("preflight", `The image ${name} cannot be built: ${errorText(error)}`, {
      fix: "run `npm start`: it makes the base image; building needs Debian's package archive",
    });
  }
  return (await imageId(docker, name)) as string;
}

async function imageId(docker: Docker, name: string): Promise<string | undefined> {
  try {
    return (await docker.getImage(name).inspect()).Id;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw dockerFailure(error);
  }
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

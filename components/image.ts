import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { imageLabels, imageName } from "../config/names";

export interface BuildArgs {
  /** Folder of the Dockerfile below `images/`, which is the build's context. */
  readonly folder: string;
  /** Tag without the content hash, such as `4.139.1`. */
  readonly tag: string;
  /** Hash over everything that goes into the build; a new one builds anew. */
  readonly contentHash: string;
  /** `ARG`s of the Dockerfile. Not for secrets: they stay in the image's history. */
  readonly buildArgs: Record<string, string>;
}

/** An image that exists: `NAME@sha256:…` (pulled when it is absent) or the ID of a local one. */
export interface ReferenceArgs {
  readonly reference: string;
}

export type ImageArgs = BuildArgs | ReferenceArgs;

/**
 * A container image, built from a folder of this project or taken by digest.
 *
 * Images are never removed from the host: other environments and the way back from an upgrade use them.
 */
export class Image extends pulumi.ComponentResource {
  /** Content address of the image (`sha256:…`): what containers run, whatever a tag says later. */
  readonly imageId: pulumi.Output<string>;

  constructor(name: string, args: ImageArgs, opts?: pulumi.ComponentResourceOptions) {
    super("doom-coding:index:Image", name, { ...args }, opts);
    this.imageId = "reference" in args ? this.use(name, args.reference) : this.build(name, args);
    this.registerOutputs({ imageId: this.imageId });
  }

  private use(name: string, reference: string): pulumi.Output<string> {
    if (reference.startsWith("sha256:")) return pulumi.output(reference);
    const image = new docker.RemoteImage(
      `${name}-image`,
      { name: reference, keepLocally: true },
      { parent: this },
    );
    return image.imageId;
  }

  private build(name: string, args: BuildArgs): pulumi.Output<string> {
    const image = new docker.RemoteImage(
      `${name}-image`,
      {
        name: imageName(args.folder, args.tag, args.contentHash),
        keepLocally: true,
        triggers: { content: args.contentHash },
        build: {
          context: "images",
          dockerfile: `${args.folder}/Dockerfile`,
          // The classic builder: it is part of every engine, BuildKit's client is not.
          version: "1",
          // The builds fetch packages through the host's network, proxies and certificates included.
          networkMode: "host",
          buildArgs: args.buildArgs,
          labels: imageLabels(args.contentHash),
        },
      },
      { parent: this, customTimeouts: { create: "30m", update: "30m" } },
    );
    return image.imageId;
  }
}

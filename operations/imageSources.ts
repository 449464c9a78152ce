import { readFileSync } from "node:fs";
import path from "node:path";
import type { EnvironmentConfig } from "../config/schema";
import { contentHash } from "./contentHash";

/** Certificates that every image gets; see images/extra-ca. */
const CERTIFICATES = "extra-ca";

interface Versions {
  readonly base: { readonly suite: string; readonly revision: number };
}

/** The tag of the base image that the set-up makes. */
function baseImage(root: string): string {
  const text = readFileSync(path.join(root, "toolchain", "versions.json"), "utf8");
  const { base } = JSON.parse(text) as Versions;
  return `doom-coding/base:${base.suite}-r${base.revision}`;
}

/** How the image of `operations/toolsContainer.ts` comes about. */
export function toolsImageSource(root: string) {
  return {
    folder: "tools",
    tag: "1",
    contentHash: contentHash(path.join(root, "images"), ["tools"]),
    buildArgs: { BASE_IMAGE: baseImage(root) },
  };
}

/** How the images of an environment come about: its own build, or the one that its configuration names. */
export function imageSources(root: string, image: EnvironmentConfig["image"]) {
  const BASE_IMAGE = baseImage(root);
  const hashOf = (folder: string) => contentHash(path.join(root, "images"), [folder, CERTIFICATES]);
  return {
    codeServer:
      "reference" in image
        ? { reference: image.reference }
        : {
            folder: "code-server",
            tag: image.version,
            contentHash: hashOf("code-server"),
            buildArgs: { BASE_IMAGE, CODE_SERVER_VERSION: image.version },
          },
    gateway: {
      folder: "gateway",
      tag: "1",
      contentHash: hashOf("gateway"),
      buildArgs: { BASE_IMAGE },
    },
  };
}

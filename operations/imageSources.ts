import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import type Docker from "dockerode";
import { supportedVersions } from "../checks/support";
import type { EnvironmentConfig } from "../config/schema";
import { contentHash } from "./contentHash";
import { Failure } from "./failure";
import { inspectImage } from "./upgradeImages";

/** Certificates that every image gets; see images/extra-ca. */
const CERTIFICATES = "extra-ca";

interface Versions {
  readonly base: { readonly suite: string; readonly revision: number };
  readonly goToolchain: string;
  readonly tailscale: string;
}

function readVersions(root: string): Versions {
  return JSON.parse(readFileSync(path.join(root, "toolchain", "versions.json"), "utf8"));
}

/** The image that all others are built on, as it is on the Docker host now. */
export interface BaseImage {
  readonly name: string;
  /** Content address, `sha256:…`. */
  readonly id: string;
}

/** The name of the base image that the set-up makes. */
export function baseImageName(root: string): string {
  const { base } = readVersions(root);
  return `doom-coding/base:${base.suite}-r${base.revision}`;
}

/**
 * The base image that the set-up has made.
 *
 * Its name stays when it is made anew, with the packages of that day; its ID does not. Throws a
 * {@link Failure} when the Docker host does not have it.
 */
export async function findBaseImage(docker: Docker, root: string): Promise<BaseImage> {
  const name = baseImageName(root);
  const found = await inspectImage(docker, name);
  if (found !== undefined) return { name, id: found.Id };
  throw new Failure("preflight", `The base image ${name} is not on the Docker host.`, {
    fix: "npm run setup makes it",
  });
}

/** One hash over what an image is built from: its files, and what it is built on. */
function sourcesHash(root: string, folders: readonly string[], base: BaseImage): string {
  const files = contentHash(path.join(root, "images"), folders);
  return createHash("sha256").update(`${files}\0${base.id}`).digest("hex");
}

/** How the image of `operations/toolsContainer.ts` comes about. */
export function toolsImageSource(root: string, base: BaseImage) {
  return {
    folder: "tools",
    tag: "1",
    contentHash: sourcesHash(root, ["tools"], base),
    buildArgs: { BASE_IMAGE: base.name },
  };
}

/** An image that is built here, or that exists already. */
export type ImageSource =
  | { readonly reference: string }
  | {
      readonly folder: string;
      readonly tag: string;
      readonly contentHash: string;
      readonly buildArgs: Record<string, string>;
    };

/** What images are built from: the folder of the project, and the base image. */
export interface ImageOrigin {
  readonly root: string;
  readonly base: BaseImage;
}

/** An image of an environment, from a folder of `images/`; built anew when that or a certificate changes. */
function built(
  { root, base }: ImageOrigin,
  folder: string,
  tag: string,
  buildArgs: Record<string, string> = {},
) {
  return {
    folder,
    tag,
    contentHash: sourcesHash(root, [folder, CERTIFICATES], base),
    buildArgs: { BASE_IMAGE: base.name, ...buildArgs },
  };
}

/** The image of the editors: built, or the one that the configuration names. */
export function codeServerImage(
  origin: ImageOrigin,
  image: EnvironmentConfig["image"],
): ImageSource {
  if ("reference" in image) return image;
  const { version } = image;
  return built(origin, "code-server", version, { CODE_SERVER_VERSION: version });
}

/** The image of Claude Code: of the newest version unless the configuration names another, or an image. */
export function claudeImage(origin: ImageOrigin, claude: EnvironmentConfig["claude"]): ImageSource {
  if (claude.reference !== undefined) return { reference: claude.reference };
  const version = claude.version ?? (supportedVersions("claude-code").at(-1) as string);
  return built(origin, "claude", version, { CLAUDE_VERSION: version });
}

/** The image of a node in a tailnet: built in the version that the configuration or this project names. */
export function tailscaleImage(
  origin: ImageOrigin,
  { version, reference }: EnvironmentConfig["tailscale"],
): ImageSource {
  if (reference !== undefined) return { reference };
  const { goToolchain, tailscale } = readVersions(origin.root);
  const chosen = version ?? tailscale;
  return built(origin, "tailscale", chosen, {
    GO_TOOLCHAIN: goToolchain,
    TAILSCALE_VERSION: chosen,
  });
}

/** How the images of an environment come about; those of services only where they are wanted. */
export function imageSources(
  origin: ImageOrigin,
  { image, claude, tailscale }: Pick<EnvironmentConfig, "image" | "claude" | "tailscale">,
) {
  return {
    codeServer: codeServerImage(origin, image),
    gateway: built(origin, "gateway", "1"),
    ...(claude.enabled ? { claude: claudeImage(origin, claude) } : {}),
    ...(tailscale.enabled ? { tailscale: tailscaleImage(origin, tailscale) } : {}),
  };
}

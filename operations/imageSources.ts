import { readFileSync } from "node:fs";
import path from "node:path";
import { supportedVersions } from "../checks/support";
import type { EnvironmentConfig } from "../config/schema";
import { contentHash } from "./contentHash";

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

/** The tag of the base image that the set-up makes. */
function baseImage(root: string): string {
  const { base } = readVersions(root);
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

/** An image that is built here, or that exists already. */
export type ImageSource =
  | { readonly reference: string }
  | {
      readonly folder: string;
      readonly tag: string;
      readonly contentHash: string;
      readonly buildArgs: Record<string, string>;
    };

/** An image of an environment, from a folder of `images/`; built anew when that or a certificate changes. */
function built(root: string, folder: string, tag: string, buildArgs: Record<string, string> = {}) {
  return {
    folder,
    tag,
    buildArgs: { BASE_IMAGE: baseImage(root), ...buildArgs },
    contentHash: contentHash(path.join(root, "images"), [folder, CERTIFICATES]),
  };
}

/** The image of the editors: built, or the one that the configuration names. */
export function codeServerImage(root: string, image: EnvironmentConfig["image"]): ImageSource {
  if ("reference" in image) return image;
  const { version } = image;
  return built(root, "code-server", version, { CODE_SERVER_VERSION: version });
}

/** The image of Claude Code: of the newest version unless the configuration names another, or an image. */
export function claudeImage(root: string, claude: EnvironmentConfig["claude"]): ImageSource {
  if (claude.reference !== undefined) return { reference: claude.reference };
  const version = claude.version ?? (supportedVersions("claude-code").at(-1) as string);
  return built(root, "claude", version, { CLAUDE_VERSION: version });
}

/** The image of a node in a tailnet: built in the version that the configuration or this project names. */
export function tailscaleImage(
  root: string,
  { version, reference }: EnvironmentConfig["tailscale"],
): ImageSource {
  if (reference !== undefined) return { reference };
  const { goToolchain, tailscale } = readVersions(root);
  const chosen = version ?? tailscale;
  return built(root, "tailscale", chosen, {
    GO_TOOLCHAIN: goToolchain,
    TAILSCALE_VERSION: chosen,
  });
}

/** How the images of an environment come about; those of services only where they are wanted. */
export function imageSources(
  root: string,
  { image, claude, tailscale }: Pick<EnvironmentConfig, "image" | "claude" | "tailscale">,
) {
  return {
    codeServer: codeServerImage(root, image),
    gateway: built(root, "gateway", "1"),
    ...(claude.enabled ? { claude: claudeImage(root, claude) } : {}),
    ...(tailscale.enabled ? { tailscale: tailscaleImage(root, tailscale) } : {}),
  };
}

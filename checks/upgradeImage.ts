import { judgeStep, supportProblems } from "./support";
import type { Part } from "./supportTable";

/** What an image says of itself, and whether an environment may go over to it. */

/** The part of the engine's answer that is looked at. */
export interface InspectedImage {
  readonly Id: string;
  readonly Architecture: string;
  readonly Config?: {
    readonly Labels?: Readonly<Record<string, string>> | null;
    readonly Healthcheck?: { readonly Test?: readonly string[] | null } | null;
  } | null;
}

export interface ImageFacts {
  /** Content address, `sha256:…`. */
  readonly id: string;
  /** The version of the program in it; undefined when it does not say. */
  readonly version: string | undefined;
  /** As images name it: `amd64`, `arm64`. */
  readonly architecture: string;
  /** Whether anything would notice that the program in it does not work. */
  readonly hasHealthCheck: boolean;
}

/** Where the version stands; https://github.com/opencontainers/image-spec/blob/main/annotations.md. */
export const VERSION_LABEL = "org.opencontainers.image.version";

/** Images of linuxserver.io have no health check of their own; components/container.ts brings theirs. */
const LINUXSERVER = /^Linuxserver\.io version:- (\S+)/;

/** Reads an engine's answer about an image. */
export function imageFacts({ Id, Architecture, Config }: InspectedImage): ImageFacts {
  const labels = Config?.Labels ?? {};
  const test = Config?.Healthcheck?.Test ?? [];
  return {
    id: Id,
    version: labelledVersion(labels),
    architecture: Architecture,
    hasHealthCheck:
      linuxserverVersion(labels) !== undefined || (test.length > 0 && test[0] !== "NONE"),
  };
}

/** The version of the program in an image, by its labels; a container has them from its image. */
export function labelledVersion(labels: Readonly<Record<string, string>>): string | undefined {
  // `4.96.4-ls252` is the 252nd build of 4.96.4, not a candidate for it.
  const version = (linuxserverVersion(labels) ?? labels[VERSION_LABEL])?.replace(/-ls\d+$/, "");
  return version === "" ? undefined : version;
}

function linuxserverVersion(labels: Readonly<Record<string, string>>): string | undefined {
  return LINUXSERVER.exec(labels.build_version ?? "")?.[1];
}

/** The engine names machines as the kernel does, images name them as Go does. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x86_64: "amd64",
  aarch64: "arm64",
  armv7l: "arm",
  armv6l: "arm",
  i686: "386",
};

/** A machine's name as images have it: `amd64` for `x86_64`. */
export function imageArchitecture(machine: string): string {
  return ARCHITECTURES[machine] ?? machine;
}

export interface UpgradeStep {
  /** What the images hold. */
  readonly part: Part;
  readonly from: Pick<ImageFacts, "version">;
  readonly to: ImageFacts;
  readonly host: { readonly architecture: string; readonly apiVersion: string };
}

/** Why an environment may not go from one image to the other, a sentence each with what to do. */
export function upgradeProblems({ part, from, to, host }: UpgradeStep): string[] {
  const own = imageArchitecture(host.architecture);
  return [
    ...(to.architecture === own
      ? []
      : [
          `the image is for ${to.architecture}, and this Docker host is ${own}; take one for ${own}`,
        ]),
    ...(to.hasHealthCheck
      ? []
      : [
          "the image has no health check, so that nobody would notice that it does not work; give it a HEALTHCHECK",
        ]),
    ...versionProblems(part, from.version, to.version, host.apiVersion),
  ];
}

function versionProblems(
  part: Part,
  from: string | undefined,
  to: string | undefined,
  apiVersion: string,
): string[] {
  const silent = (which: string) =>
    `${which} image says nothing of its version; label it ${VERSION_LABEL}`;
  if (to === undefined) return [silent("the new")];
  const problems = supportProblems({ [part]: to, "docker-api": apiVersion });
  if (problems.length > 0) return problems;
  if (from === undefined) return [silent("the running")];
  const step = judgeStep(part, from, to);
  return step.kind === "refused" ? [step.problem] : [];
}

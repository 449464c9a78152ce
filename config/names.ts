import { ConfigError } from "./errors";

/** What a thing on the Docker host is for; second part of its name and its `doom.role` label. */
export type Role =
  | "internal"
  | "edge"
  | "egress"
  | "data"
  | "copy"
  | "code-server"
  | "gateway"
  | "claude"
  | "tailscale"
  | "tools"
  | "snapshots"
  | "restore"
  | UpgradeRole;

/** What a volume of an environment holds: an editor's data, or what a service keeps. */
export type VolumeRole = Extract<Role, "data" | "claude" | "tailscale">;

/** What an upgrade makes for itself: where it rehearses, the data from before it, the data from after it. */
export type UpgradeRole = "rehearsal" | "before-upgrade" | "after-upgrade";

/** The version of the labels below; raised when their meaning changes. */
export const LABEL_SCHEMA = "1";

const STACK_NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const STACK_NAME_MAX = 24;
/** Docker's own networks: harmless behind our prefix, but a log line that says `host` misleads. */
const RESERVED = new Set(["bridge", "host", "none", "default"]);

/**
 * Checks the name of a stack (an environment).
 *
 * The name becomes part of DNS names, cookie names and file names, so it is kept to what all
 * of those take. Throws {@link ConfigError} with the given name and what is allowed.
 */
export function checkStackName(name: string): string {
  const allowed = `1 to ${STACK_NAME_MAX} characters: lower-case ASCII letters, digits and single hyphens, a letter first`;
  if (name.length > STACK_NAME_MAX || !STACK_NAME.test(name)) {
    const shown = name.length > 40 ? `${name.slice(0, 40)}… (${name.length} characters)` : name;
    throw new ConfigError([`stack name: got ${JSON.stringify(shown)}; allowed: ${allowed}`]);
  }
  if (RESERVED.has(name)) {
    throw new ConfigError([
      `stack name: got "${name}", one of Docker's own network names; choose another`,
    ]);
  }
  return name;
}

/** The name on the Docker host of everything this project creates: the only place that builds one. */
export function dockerName(stack: string, role: Role, index?: number): string {
  return `doom-${stack}-${role}${index === undefined ? "" : `-${index}`}`;
}

/** The name of a container that one run of an operation works in; `id` is random. */
export function toolsContainerName(stack: string | undefined, id: string): string {
  return stack === undefined ? `doom-tools-${id}` : `${dockerName(stack, "tools")}-${id}`;
}

/** The volume that a snapshot of the data of `instance` is restored into; `id` is 8 random hexadecimal digits. */
export function restoreVolumeName(stack: string, instance: number, id: string): string {
  return `${dockerName(stack, "data", instance)}-restore-${id}`;
}

/** The name of what one upgrade, or one way back, makes for `instance`; `id` is 8 random hexadecimal digits. */
export function upgradeName(
  stack: string,
  role: UpgradeRole,
  instance: number,
  id: string,
): string {
  return `${dockerName(stack, role, instance)}-${id}`;
}

/**
 * Whether a volume with these labels has the name that an environment gives it: its data, what its agents
 * keep, its snapshots, what it restored, or what an upgrade kept. Built and compared, never matched by prefix.
 */
export function isOwnVolume(
  stack: string,
  name: string,
  labels: Readonly<Record<string, string>>,
): boolean {
  const instance = Number(labels["doom.instance"]);
  const id = name.slice(-8);
  const ofUpgrade = (role: UpgradeRole) => upgradeName(stack, role, instance, id);
  const names: Partial<Record<string, string>> = {
    data: dockerName(stack, "data", instance),
    claude: dockerName(stack, "claude", instance),
    tailscale: dockerName(stack, "tailscale"),
    snapshots: dockerName(stack, "snapshots"),
    restore: restoreVolumeName(stack, instance, id),
    rehearsal: ofUpgrade("rehearsal"),
    "before-upgrade": ofUpgrade("before-upgrade"),
    "after-upgrade": ofUpgrade("after-upgrade"),
  };
  return labels["doom.stack"] === stack && name === names[labels["doom.role"] ?? ""];
}

/** How many characters of the hash over an image's sources its tag shows. */
const TAG_HASH_LENGTH = 12;

/** The name of an image of ours: `folder` is that of its Dockerfile, `tag` the version for people. */
export function imageName(folder: string, tag: string, contentHash: string): string {
  return `doom-coding/${folder}:${tag}-${contentHash.slice(0, TAG_HASH_LENGTH)}`;
}

/** The labels of such an image. */
export function imageLabels(contentHash: string): Record<string, string> {
  return { "doom.role": "image", "doom.content": contentHash };
}

/**
 * The label of a container that cannot do its work before the user has given something: what, and how. As long as
 * it is not healthy, the environment is judged without it.
 */
export const WAITS_LABEL = "doom.waits-for";

/** The labels by which everything is found again; never look for a name's prefix (`dev`, `dev2`). */
export function dockerLabels(stack: string, role: Role, index?: number): Record<string, string> {
  return {
    "doom.stack": stack,
    "doom.role": role,
    ...(index === undefined ? {} : { "doom.instance": String(index) }),
    "doom.schema": LABEL_SCHEMA,
  };
}

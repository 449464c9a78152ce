import { isAtOrAbove } from "./rules/hostPaths";

/**
 * A setup of the single-host installer on a Docker host: which containers and volumes are its, and what of
 * them a stack takes over. Decided from labels and mounts; the names that its compose files fix count where
 * there is nothing else.
 */

/** What a container mounts. */
export interface SetupMount {
  readonly kind: "volume" | "directory" | "other";
  /** Name of the volume, or path on the Docker host. */
  readonly from: string;
  /** Where it appears in the container. */
  readonly at: string;
  readonly writes: boolean;
}

/** A container, as far as it says whose it is and what it works on. */
export interface SetupContainer {
  readonly id: string;
  readonly name: string;
  /** Docker's word: `running`, `exited`, … */
  readonly state: string;
  /** The folder that Docker Compose was started in, without links; undefined when it did not make this. */
  readonly folder: string | undefined;
  /** Its service in the compose file. */
  readonly service: string | undefined;
  /** Whether it has the installer's own label. */
  readonly ofInstaller: boolean;
  readonly mounts: readonly SetupMount[];
}

/** The services of the installer's compose files, with the names that they fix. */
export const PARTS = {
  editor: {
    service: "code-server",
    container: "doom-code-server",
    volume: "doom-code-server-config",
    at: "/config",
  },
  claude: {
    service: "claude",
    container: "doom-claude",
    volume: "doom-claude-config",
    at: "/home/claude/.claude",
  },
  tailscale: {
    service: "tailscale",
    container: "doom-tailscale",
    volume: "doom-tailscale-state",
    at: "/var/lib/tailscale",
  },
} as const;
export type Part = keyof typeof PARTS;
const PART_NAMES = Object.keys(PARTS) as Part[];

/** Where the installer's editor has the workspace. */
export const OLD_WORKSPACE = "/workspace";

/** The folders of all setups whose editor is on the host, sorted. */
export function setupFolders(containers: readonly SetupContainer[]): string[] {
  const { container, service } = PARTS.editor;
  const folders = containers
    .filter((one) => one.name === container || (one.ofInstaller && one.service === service))
    .flatMap(({ folder }) => folder ?? []);
  return [...new Set(folders)].sort();
}

/** The containers of a setup; each may be missing. */
export type SetupParts = Readonly<Partial<Record<Part, SetupContainer>>>;

/**
 * The containers of the setup in `folder`: those that Docker Compose made for it, or else those with the
 * fixed names that are nobody else's.
 */
export function partsOf(containers: readonly SetupContainer[], folder: string): SetupParts {
  const found = PART_NAMES.flatMap((part): [Part, SetupContainer][] => {
    const { service, container: name } = PARTS[part];
    const own = containers.find((one) => one.folder === folder && one.service === service);
    const named = containers.find((one) => one.name === name && one.folder === undefined);
    const container = own ?? named;
    return container === undefined ? [] : [[part, container]];
  });
  return Object.fromEntries(found);
}

/** What the editor of a setup has at a path; undefined without an editor, or when nothing is there. */
export function mountAt({ editor }: SetupParts, at: string): SetupMount | undefined {
  return editor?.mounts.find((mount) => mount.at === at);
}

/**
 * Why the setup in `folder` may not be taken over as it is found; a sentence each.
 *
 * The fixed names can be another setup's, and then its data is not the one that the `.env` speaks of.
 */
export function setupProblems(
  containers: readonly SetupContainer[],
  parts: SetupParts,
  folder: string,
): string[] {
  const { container, volume, at } = PARTS.editor;
  if (parts.editor !== undefined) {
    const { editor } = parts;
    return mountAt(parts, at) === undefined
      ? [
          `the container ${editor.name} has no volume at ${at}, where the installer's editor keeps its data`,
        ]
      : [];
  }
  return containers
    .filter((one) => (one.folder ?? folder) !== folder)
    .filter((one) => one.name === container || one.mounts.some(({ from }) => from === volume))
    .map(
      (one) =>
        `the container ${one.name} belongs to another setup, in ${one.folder}; name the .env there`,
    );
}

/** Containers that may be writing to a folder of the host now. */
export function folderWriters(
  containers: readonly SetupContainer[],
  folder: string,
): SetupContainer[] {
  const touches = ({ kind, from, writes }: SetupMount) =>
    kind === "directory" && writes && (isAtOrAbove(folder, from) || isAtOrAbove(from, folder));
  return containers.filter(({ mounts }) => mounts.some(touches));
}

/** Something of the setup that a stack does not take over. */
export interface LeftBehind {
  readonly what: string;
  readonly why: string;
}

/** What stays where it is and is not used by the stack, as far as it is there. */
export function leftBehind(parts: SetupParts, volumes: readonly string[]): LeftBehind[] {
  const own = (part: Part) => {
    const { volume, at } = PARTS[part];
    const mount = parts[part]?.mounts.find((one) => one.at === at && one.kind === "volume");
    return [mount?.from ?? volume].filter((name) => volumes.includes(name));
  };
  const known: readonly string[] = [PARTS.editor.at, OLD_WORKSPACE];
  const others = (parts.editor?.mounts ?? []).filter(({ at }) => !known.includes(at));
  return [
    ...own("claude").map((name) => ({
      what: `the volume ${name}`,
      why: "the login of Claude Code's own container; sign in again in the new one (docs/claude.md)",
    })),
    ...own("tailscale").map((name) => ({
      what: `the volume ${name}`,
      why: "the node's key, which only one node may use: the old one",
    })),
    ...others.map(({ from, at }) => ({
      what: from,
      why: `mounted over ${at}, and no part of the editor's volume`,
    })),
  ];
}

/**
 * The mount points below a folder, from /proc/self/mountinfo (proc(5)): a copy stays on one file system, so
 * that what is mounted there would be left out.
 */
export function mountPointsBelow(mountinfo: string, folder: string): string[] {
  return mountinfo
    .split("\n")
    .flatMap((line) => line.split(" ")[4] ?? [])
    .map((path) =>
      path.replace(/\\([0-7]{3})/g, (_, code) => String.fromCharCode(Number.parseInt(code, 8))),
    )
    .filter((path) => path !== folder && isAtOrAbove(folder, path));
}

import path from "node:path";
import { type ContainerInputs, type Finding, known, type Unknown } from "./facts";

/** A folder or file of the host that a container is given. */
export interface HostPath {
  /** Where it stands in the container's inputs. */
  readonly at: string;
  readonly source: string | undefined | Unknown;
}

/**
 * Every path of the host among the container's `volumes` and `mounts`.
 *
 * Findings are for parts that are not known yet, whichever of the two decides what they are.
 */
export function hostPaths(
  container: ContainerInputs,
  decide: (hostPath: HostPath) => readonly Finding[],
): readonly Finding[] {
  const fromVolumes = known(container.volumes, "volumes", (volumes) =>
    (volumes ?? []).flatMap((volume, index) =>
      known(volume, `volumes[${index}]`, ({ hostPath }) =>
        hostPath === undefined || hostPath === ""
          ? []
          : decide({ at: `volumes[${index}].hostPath`, source: hostPath }),
      ),
    ),
  );
  const fromMounts = known(container.mounts, "mounts", (mounts) =>
    (mounts ?? []).flatMap((mount, index) =>
      known(mount, `mounts[${index}]`, ({ type, source }) =>
        known(type, `mounts[${index}].type`, (kind) =>
          kind === "bind" ? decide({ at: `mounts[${index}].source`, source }) : [],
        ),
      ),
    ),
  );
  return [...fromVolumes, ...fromMounts];
}

/** The path without `..`, `//` and a slash at its end; two spellings of one folder become the same text. */
export function plainPath(source: string): string {
  const normal = path.posix.normalize(source);
  return normal.length > 1 ? normal.replace(/\/+$/, "") : normal;
}

/** Whether `folder` is `file` or lies above it. */
export function isAtOrAbove(folder: string, file: string): boolean {
  return folder === "/" || file === folder || file.startsWith(`${folder}/`);
}

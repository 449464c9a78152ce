import { type ContainerInputs, type Context, type Finding, known } from "./facts";
import { hostPaths, isAtOrAbove, plainPath } from "./hostPaths";
import { show } from "./secretShapes";

/** Where engines listen, and with them whoever may open the socket is the host's root. */
const SOCKETS = [
  "/run/docker.sock",
  "/var/run/docker.sock",
  "/run/containerd/containerd.sock",
  "/var/run/containerd/containerd.sock",
  "/run/podman/podman.sock",
  "/var/run/podman/podman.sock",
  "/run/user/docker.sock",
];

/** A rootless engine's socket lies in a folder with the user's number. */
const ROOTLESS = /^(\/var)?\/run\/user\/\d+(\/|$)/;

function givesSocket(source: string): boolean {
  const folder = plainPath(source).replace(ROOTLESS, "/run/user$2");
  return (
    SOCKETS.some((socket) => isAtOrAbove(folder, socket)) || /(^|\/)docker\.sock$/.test(folder)
  );
}

/** No container gets an engine's socket, nor a folder above one. */
export function noDockerSocket(container: ContainerInputs, _context: Context): readonly Finding[] {
  return hostPaths(container, ({ at, source }) =>
    known(source, at, (folder) =>
      folder !== undefined && givesSocket(folder)
        ? [
            {
              at,
              problem: `is ${show(folder)}, which holds the socket of a container engine: with it the container commands the host`,
              fix: "remove the mount",
            },
          ]
        : [],
    ),
  );
}

import { unknownLines, variablesOf } from "./environmentLines";
import { type ContainerInputs, each, type Finding, known, type Partly } from "./facts";

/** Folders whose programs an image of linuxserver.io runs as root when it starts. */
const HOOKS = /^\/(custom-cont-init\.d|custom-services\.d|config\/custom-cont-init\.d)(\/|$)/;

/** Nothing from outside the image runs as root at its start: no mods, which are downloaded, and no hooks. */
export function noRootCode(container: ContainerInputs): readonly Finding[] {
  const mods = variablesOf(container)
    .filter(({ name, value }) => /^(FILE__)?DOCKER_MODS$/.test(name) && value !== "")
    .map(({ at }) => ({
      at,
      problem: "is DOCKER_MODS, which downloads programs and runs them as root",
      fix: "build it into an image",
    }));
  const hook = (given: Partly<string | undefined>, at: string) =>
    known(given, at, (target) =>
      HOOKS.test(target ?? "")
        ? [{ at, problem: "is a folder whose files run as root", fix: "build it into an image" }]
        : [],
    );
  return [
    ...mods,
    ...unknownLines(container),
    ...each(container.mounts, "mounts", ({ target }, at) => hook(target, `${at}.target`)),
    ...each(container.volumes, "volumes", (volume, at) =>
      hook(volume.containerPath, `${at}.containerPath`),
    ),
    ...each(container.uploads, "uploads", ({ file }, at) => hook(file, `${at}.file`)),
  ];
}

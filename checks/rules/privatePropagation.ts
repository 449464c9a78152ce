import { type ContainerInputs, each, type Finding, known } from "./facts";
import { show } from "./secretShapes";

const PRIVATE = new Set(["private", "rprivate"]);

/** With shared or slave propagation, mounts made on one side appear on the other. Left out, Docker uses rprivate. */
export function privatePropagation(container: ContainerInputs): readonly Finding[] {
  return each(container.mounts, "mounts", ({ bindOptions }, at) =>
    known(bindOptions, `${at}.bindOptions`, (options) =>
      known(options?.propagation, `${at}.bindOptions.propagation`, (propagation) =>
        propagation === undefined || propagation === "" || PRIVATE.has(propagation)
          ? []
          : [
              {
                at: `${at}.bindOptions.propagation`,
                problem: `is ${show(propagation)}: mounts cross between host and container`,
                fix: "set it to rprivate",
              },
            ],
      ),
    ),
  );
}

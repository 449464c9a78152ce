import { type ContainerInputs, type Finding, known } from "./facts";

/** A privileged container has every capability, every device and no confinement: it is the host's root. */
export function noPrivileged(container: ContainerInputs): readonly Finding[] {
  return known(container.privileged, "privileged", (privileged) =>
    privileged
      ? [
          {
            at: "privileged",
            problem: "gives the container every right of the host",
            fix: "remove it",
          },
        ]
      : [],
  );
}

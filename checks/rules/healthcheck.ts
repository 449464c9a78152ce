import { type ContainerInputs, type Finding, known, UNKNOWN } from "./facts";

const AT = "healthcheck.tests";
const FIX = 'set it, such as ["CMD", "/usr/local/bin/healthcheck"]';

/** A container has a check of its own, and a run succeeds only when that check does. */
export function healthcheck(container: ContainerInputs): readonly Finding[] {
  const check = known(container.healthcheck, "healthcheck", (given) =>
    known(given?.tests, AT, (tests) => {
      const [kind, program] = tests ?? [];
      if (kind === UNKNOWN) return [{ undecided: AT }];
      if (kind === "NONE")
        return [{ at: AT, problem: "turns the image's own check off", fix: FIX }];
      if (kind === undefined || program === undefined || program === "")
        return [{ at: AT, problem: "names no check", fix: FIX }];
      return [];
    }),
  );
  const wait = known(container.wait, "wait", (value) =>
    value === true
      ? []
      : [
          {
            at: "wait",
            problem: "is not true: a run succeeds while the container is broken",
            fix: "set it to true",
          },
        ],
  );
  return [...check, ...wait];
}

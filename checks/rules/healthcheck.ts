import { type ContainerInputs, type Context, type Finding, known, UNKNOWN } from "./facts";
import { roleOfOwn } from "./names";

const AT = "healthcheck.tests";
const FIX = 'set it, such as ["CMD", "/usr/local/bin/healthcheck"]';

/**
 * A container has a check of its own, and a run succeeds only when that check does.
 *
 * But a node in a tailnet cannot pass it without a key that only the user has; whether it should have, the
 * environment's own join decides after it.
 */
export function healthcheck(container: ContainerInputs, { stack }: Context): readonly Finding[] {
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
    value === true || joinsByItself(container, stack)
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

function joinsByItself({ name }: ContainerInputs, stack: string): boolean {
  return typeof name === "string" && roleOfOwn(name, stack, ["tailscale"]) !== undefined;
}

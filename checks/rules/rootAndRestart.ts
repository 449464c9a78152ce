import { type ContainerInputs, type Finding, known } from "./facts";
import { show } from "./secretShapes";

/** What of a container's root file system nobody may change, nobody can plant anything in. */
export function readOnlyRoot(container: ContainerInputs): readonly Finding[] {
  const root = known(container.readOnly, "readOnly", (value) =>
    value === true
      ? []
      : [
          {
            at: "readOnly",
            problem: "lets the image's own files be changed",
            fix: "set it to true",
          },
        ],
  );
  const run = known(container.tmpfs, "tmpfs", (mounts) =>
    mounts !== undefined && Object.hasOwn(mounts, "/run")
      ? []
      : [
          {
            at: "tmpfs",
            problem: "has no /run, which programs write to when they start",
            fix: 'add "/run": "rw,exec,nosuid,nodev"',
          },
        ],
  );
  return [...root, ...run];
}

/** Root inside is root outside as soon as anything else fails. */
export function nonRootStart(container: ContainerInputs): readonly Finding[] {
  return known(container.user, "user", (user) =>
    user !== undefined && user !== "" && !/^(root|0+)(:|$)/.test(user)
      ? []
      : [{ at: "user", problem: "starts the container as root", fix: "name another user" }],
  );
}

const RETRIES = 5;

/** A container that fails over and over stops being started, instead of hiding the failure. */
export function boundedRestart(container: ContainerInputs): readonly Finding[] {
  return known(container.restart, "restart", (policy) => {
    if (policy === undefined || policy === "" || policy === "no") return [];
    const fix = `set restart to on-failure and maxRetryCount to ${RETRIES} or less`;
    if (policy !== "on-failure")
      return [{ at: "restart", problem: `is ${show(policy)}, without an end`, fix }];
    return known(container.maxRetryCount, "maxRetryCount", (count) =>
      count !== undefined && count > 0 && count <= RETRIES
        ? []
        : [{ at: "maxRetryCount", problem: `is ${count ?? "not set, so without an end"}`, fix }],
    );
  });
}

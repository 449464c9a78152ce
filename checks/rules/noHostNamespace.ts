import { type ContainerInputs, type Finding, known } from "./facts";

/** The namespaces, and what sharing the host's means. */
const NAMESPACES = [
  ["networkMode", "uses the host's network: every port of it, past all isolation"],
  ["pidMode", "sees and signals the host's processes, environment variables included"],
  ["ipcMode", "shares the host's memory segments"],
  ["usernsMode", "turns the mapping of users off: root inside is root outside"],
  ["cgroupnsMode", "sees the host's control groups, and so every other container"],
] as const;

/**
 * No namespace of the host.
 *
 * `cgroupnsMode` has to be said: left out, an engine on cgroup v1 takes the host's (`--cgroupns`,
 * docker run reference). The other four are private when left out.
 */
export function noHostNamespace(container: ContainerInputs): readonly Finding[] {
  const shared = NAMESPACES.flatMap(([at, problem]) =>
    known(container[at], at, (mode) =>
      mode === "host"
        ? [{ at, problem, fix: "remove it, or set it to private where it may be" }]
        : [],
    ),
  );
  const omitted =
    container.cgroupnsMode === undefined || container.cgroupnsMode === ""
      ? [
          {
            at: "cgroupnsMode",
            problem: "is not set, which on cgroup v1 means the host's control groups",
            fix: "set it to private",
          },
        ]
      : [];
  return [...shared, ...omitted];
}

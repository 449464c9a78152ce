import { type ContainerInputs, type Finding, known } from "./facts";
import { show } from "./secretShapes";

const DRIVERS = new Set(["json-file", "local"]);

/** What a container prints stays on the host, bounded, and out of the state. */
export function boundedLogs(container: ContainerInputs): readonly Finding[] {
  const captured = (["attach", "logs"] as const).flatMap((at) =>
    known(container[at], at, (value) =>
      value
        ? [{ at, problem: "copies what the container prints into the state", fix: "remove it" }]
        : [],
    ),
  );
  const driver = known(container.logDriver, "logDriver", (name) =>
    name !== undefined && DRIVERS.has(name)
      ? []
      : [
          {
            at: "logDriver",
            problem: name
              ? `is ${show(name)}, which keeps nothing or sends it away`
              : "is not set, which leaves it to the host",
            fix: "set it to json-file",
          },
        ],
  );
  return [...captured, ...driver, ...bounds(container)];
}

function bounds(container: ContainerInputs): readonly Finding[] {
  return known(container.logOpts, "logOpts", (options) =>
    (["max-size", "max-file"] as const).flatMap((key) =>
      known(options?.[key], `logOpts.${key}`, (value) =>
        value !== undefined && /^[1-9]\d{0,5}[kmg]?$/.test(value)
          ? []
          : [
              {
                at: `logOpts.${key}`,
                problem: "is not set: one talkative program fills the disk",
                fix: `set it, such as "${key === "max-size" ? "10m" : "3"}"`,
              },
            ],
      ),
    ),
  );
}

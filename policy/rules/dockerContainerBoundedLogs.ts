import { boundedLogs } from "../../checks/rules/boundedLogs";
import { MANDATORY, type Rule } from "./rule";

export const dockerContainerBoundedLogs: Rule = {
  name: "docker-container-bounded-logs",
  description: "What a container prints stays on the host, within bounds, and out of the state.",
  sources: ["CL 14"],
  levels: MANDATORY,
  decisions: { container: boundedLogs },
};

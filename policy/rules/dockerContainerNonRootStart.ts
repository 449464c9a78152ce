import { nonRootStart } from "../../checks/rules/rootAndRestart";
import { ADVISORY, type Rule } from "./rule";

export const dockerContainerNonRootStart: Rule = {
  name: "docker-container-non-root-start",
  description: "A container does not start as root.",
  sources: ["CIS 4.1", "PSS restricted", "CL 18"],
  levels: ADVISORY,
  decisions: { container: nonRootStart },
};

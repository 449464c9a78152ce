import { boundedRestart } from "../../checks/rules/rootAndRestart";
import { ADVISORY, type Rule } from "./rule";

export const dockerContainerBoundedRestart: Rule = {
  name: "docker-container-bounded-restart",
  description: "A container that fails is started again five times at most.",
  sources: ["CIS 5.15", "KICS 2fc9"],
  levels: ADVISORY,
  decisions: { container: boundedRestart },
};

import { processLimit } from "../../checks/rules/processLimit";
import { MANDATORY_IN_PROD, type Rule } from "./rule";

export const dockerContainerProcessLimit: Rule = {
  name: "docker-container-process-limit",
  description: "The number of processes of a container is limited.",
  sources: ["CIS 5.29", "KICS 221e"],
  levels: MANDATORY_IN_PROD,
  decisions: { stack: ({ containers }, { stack }) => processLimit(containers, stack) },
};

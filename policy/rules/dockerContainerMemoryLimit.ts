import { memoryLimit } from "../../checks/rules/limits";
import { MANDATORY_FROM_STAGING, type Rule } from "./rule";

export const dockerContainerMemoryLimit: Rule = {
  name: "docker-container-memory-limit",
  description: "A container has a limit of memory and one of swap.",
  sources: ["CIS 5.11", "KICS bb9a"],
  levels: MANDATORY_FROM_STAGING,
  decisions: { container: memoryLimit },
};

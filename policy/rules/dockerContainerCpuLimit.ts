import { cpuLimit } from "../../checks/rules/limits";
import { MANDATORY_FROM_STAGING, type Rule } from "./rule";

export const dockerContainerCpuLimit: Rule = {
  name: "docker-container-cpu-limit",
  description: "A container has a limit of CPU time.",
  sources: ["CIS 5.12", "KICS 6b61"],
  levels: MANDATORY_FROM_STAGING,
  decisions: { container: cpuLimit },
};

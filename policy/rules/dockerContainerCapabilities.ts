import { capabilities } from "../../checks/rules/capabilities";
import { MANDATORY, type Rule } from "./rule";

export const dockerContainerCapabilities: Rule = {
  name: "docker-container-capabilities",
  description:
    "A container drops all capabilities and takes back at most those that its start needs.",
  sources: ["CIS 5.4", "KICS ce76", "CL 6", "CL 11", "CL 24"],
  levels: MANDATORY,
  decisions: { container: capabilities },
};

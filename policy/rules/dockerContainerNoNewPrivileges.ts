import { noNewPrivileges } from "../../checks/rules/securityOptions";
import { MANDATORY, type Rule } from "./rule";

export const dockerContainerNoNewPrivileges: Rule = {
  name: "docker-container-no-new-privileges",
  description: "No program in a container gains rights that its parent lacks.",
  sources: ["CIS 5.26", "KICS 27fc", "CL 3", "PSS restricted"],
  levels: MANDATORY,
  decisions: { container: noNewPrivileges },
};

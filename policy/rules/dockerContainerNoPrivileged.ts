import { noPrivileged } from "../../checks/rules/noPrivileged";
import { MANDATORY, type Rule } from "./rule";

export const dockerContainerNoPrivileged: Rule = {
  name: "docker-container-no-privileged",
  description: "A container is never privileged.",
  sources: ["CIS 5.5", "KICS ae5b", "PSS baseline"],
  levels: MANDATORY,
  decisions: { container: noPrivileged },
};

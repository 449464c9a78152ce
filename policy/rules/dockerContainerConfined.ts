import { confinement } from "../../checks/rules/securityOptions";
import { MANDATORY, type Rule } from "./rule";

export const dockerContainerConfined: Rule = {
  name: "docker-container-confined",
  description:
    "A container keeps the engine's confinement by seccomp, AppArmor or SELinux and its masked system paths.",
  sources: ["CIS 5.2", "CIS 5.3", "CIS 5.22", "KICS 404f", "CL 9", "PSS baseline"],
  levels: MANDATORY,
  decisions: { container: confinement },
};

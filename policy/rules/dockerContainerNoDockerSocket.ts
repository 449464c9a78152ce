import { noDockerSocket } from "../../checks/rules/noDockerSocket";
import { settlesMountSource } from "../../checks/rules/secretFilePath";
import { MANDATORY, type Rule } from "./rule";

export const dockerContainerNoDockerSocket: Rule = {
  name: "docker-container-no-docker-socket",
  description: "A container gets neither the socket of a container engine nor a folder above one.",
  sources: ["CIS 5.32", "KICS d635", "CL 1", "OWASP Docker 1"],
  levels: MANDATORY,
  decisions: { container: noDockerSocket },
  settles: settlesMountSource,
};

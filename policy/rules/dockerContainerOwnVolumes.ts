import { ownVolumes } from "../../checks/rules/ownVolumes";
import { MANDATORY, type Rule } from "./rule";

export const dockerContainerOwnVolumes: Rule = {
  name: "docker-container-own-volumes",
  description: "A container mounts only volumes of its own environment, each by its name.",
  sources: ["KICS 8c97"],
  levels: MANDATORY,
  decisions: { container: ownVolumes },
};

import { volumeProtected } from "../../checks/rules/volumeProtected";
import { MANDATORY, type Rule } from "./rule";

export const dockerVolumeProtected: Rule = {
  name: "docker-volume-protected",
  description: "A volume is protected, so that no run deletes or replaces it.",
  sources: ["this project"],
  levels: MANDATORY,
  decisions: { volume: volumeProtected },
};

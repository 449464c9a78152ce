import { ownNameOfContainer, ownNameOfNetwork, ownNameOfVolume } from "../../checks/rules/labels";
import { MANDATORY, type Rule } from "./rule";

export const dockerResourceOwnName: Rule = {
  name: "docker-resource-own-name",
  description:
    "A container, network or volume has a name of its own environment, so that nothing of another is adopted.",
  sources: ["this project", "moby 16068"],
  levels: MANDATORY,
  decisions: { container: ownNameOfContainer, network: ownNameOfNetwork, volume: ownNameOfVolume },
};

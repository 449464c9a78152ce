import { labels } from "../../checks/rules/labels";
import { MANDATORY, type Rule } from "./rule";

export const dockerResourceLabels: Rule = {
  name: "docker-resource-labels",
  description:
    "A container, network or volume carries the labels of its environment, and they agree with its name.",
  sources: ["this project"],
  levels: MANDATORY,
  decisions: { container: labels, network: labels, volume: labels },
};

import { privatePropagation } from "../../checks/rules/privatePropagation";
import { MANDATORY, type Rule } from "./rule";

export const dockerContainerPrivatePropagation: Rule = {
  name: "docker-container-private-propagation",
  description: "A bind mount keeps mounts that are made on one side from appearing on the other.",
  sources: ["CIS 5.20", "KICS baa4"],
  levels: MANDATORY,
  decisions: { container: privatePropagation },
};

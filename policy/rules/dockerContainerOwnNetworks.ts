import { ownNetworks } from "../../checks/rules/ownNetworks";
import { MANDATORY, type Rule } from "./rule";

export const dockerContainerOwnNetworks: Rule = {
  name: "docker-container-own-networks",
  description:
    "A container is on at least one network, and only on networks of its own environment, so that nothing joins two.",
  sources: ["CIS 5.30", "KICS ce14"],
  levels: MANDATORY,
  decisions: { container: ownNetworks },
};

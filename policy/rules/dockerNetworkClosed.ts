import { networkShape } from "../../checks/rules/networkShape";
import { MANDATORY, type Rule } from "./rule";

export const dockerNetworkClosed: Rule = {
  name: "docker-network-closed",
  description:
    "A network is a private IPv4 bridge with a range of its own that neither routes nor lets others join.",
  sources: ["this project", "moby"],
  levels: MANDATORY,
  decisions: { network: networkShape },
};

import { subnetsDisjoint } from "../../checks/rules/subnetsDisjoint";
import { MANDATORY, type Rule } from "./rule";

export const stackSubnetsDisjoint: Rule = {
  name: "stack-subnets-disjoint",
  description: "The networks of a stack share no address, with each other or with a tailnet.",
  sources: ["this project", "moby"],
  levels: MANDATORY,
  decisions: { stack: ({ networks }) => subnetsDisjoint(networks) },
};

import { noAdvertisedRoutes } from "../../checks/rules/noAdvertisedRoutes";
import { MANDATORY, type Rule } from "./rule";

export const dockerContainerNoAdvertisedRoutes: Rule = {
  name: "docker-container-no-advertised-routes",
  description: "A tailnet node routes nobody into the networks of an environment.",
  sources: ["this project"],
  levels: MANDATORY,
  decisions: { container: noAdvertisedRoutes },
};

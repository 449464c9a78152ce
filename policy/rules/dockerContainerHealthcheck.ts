import { healthcheck } from "../../checks/rules/healthcheck";
import { MANDATORY, type Rule } from "./rule";

export const dockerContainerHealthcheck: Rule = {
  name: "docker-container-healthcheck",
  description: "A container has a health check, and a run waits until it passes.",
  sources: ["CIS 5.27", "KICS 698e"],
  levels: MANDATORY,
  decisions: { container: healthcheck },
};

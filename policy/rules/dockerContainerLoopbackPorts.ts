import { publishedPorts } from "../../checks/rules/publishedPorts";
import { MANDATORY, type Rule } from "./rule";

export const dockerContainerLoopbackPorts: Rule = {
  name: "docker-container-loopback-ports",
  description:
    "A container publishes only fixed ports from 1024 up, on loopback; the environment's gateway may name another IPv4 address.",
  sources: ["CIS 5.8", "CIS 5.14", "KICS 451d", "KICS bc29", "CL 5"],
  levels: MANDATORY,
  decisions: { container: publishedPorts },
};

import { noDevices } from "../../checks/rules/noDevices";
import { MANDATORY, type Rule } from "./rule";

export const dockerContainerNoDevices: Rule = {
  name: "docker-container-no-devices",
  description:
    "A container gets no device of the host and sets no kernel setting that reaches beyond it.",
  sources: ["CIS 5.18", "CL 16", "PSS baseline"],
  levels: MANDATORY,
  decisions: { container: noDevices },
};

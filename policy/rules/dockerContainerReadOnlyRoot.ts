import { readOnlyRoot } from "../../checks/rules/rootAndRestart";
import { ADVISORY, type Rule } from "./rule";

export const dockerContainerReadOnlyRoot: Rule = {
  name: "docker-container-read-only-root",
  description: "A container cannot change the files of its image.",
  sources: ["CIS 5.13", "CL 7", "semgrep"],
  levels: ADVISORY,
  decisions: { container: readOnlyRoot },
};

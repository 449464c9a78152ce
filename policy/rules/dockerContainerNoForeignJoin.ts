import { noForeignJoin } from "../../checks/rules/noForeignJoin";
import { MANDATORY, type Rule } from "./rule";

export const dockerContainerNoForeignJoin: Rule = {
  name: "docker-container-no-foreign-join",
  description:
    "A container joins the namespaces of another container only within its own environment.",
  sources: ["this project"],
  levels: MANDATORY,
  decisions: { container: noForeignJoin },
};

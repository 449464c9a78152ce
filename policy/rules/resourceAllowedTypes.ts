import { allowedTypes } from "../../checks/rules/allowedTypes";
import { MANDATORY, type Rule } from "./rule";

export const resourceAllowedTypes: Rule = {
  name: "resource-allowed-types",
  description: "A stack consists only of types of resources that these rules judge.",
  sources: ["this project"],
  levels: MANDATORY,
  decisions: { type: allowedTypes },
};

import {
  noSecretsInBuild,
  noSecretsInCommand,
  noSecretValues,
} from "../../checks/rules/noSecretValues";
import { MANDATORY, type Rule } from "./rule";

export const resourceNoSecretValues: Rule = {
  name: "resource-no-secret-values",
  description:
    "No secret stands in a variable, label, argument, health check, log option, upload, build or command line.",
  sources: ["CIS 4.10", "CL 20", "CL 21"],
  levels: MANDATORY,
  decisions: { container: noSecretValues, image: noSecretsInBuild, command: noSecretsInCommand },
};

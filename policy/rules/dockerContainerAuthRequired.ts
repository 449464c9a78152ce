import { authRequired } from "../../checks/rules/authRequired";
import { MANDATORY, type Rule } from "./rule";

export const dockerContainerAuthRequired: Rule = {
  name: "docker-container-auth-required",
  description: "An editor asks for a password and knows it by its Argon2 hash only.",
  sources: ["this project"],
  levels: MANDATORY,
  decisions: { container: authRequired },
};

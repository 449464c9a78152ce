import { noRootCode } from "../../checks/rules/noRootCode";
import { MANDATORY, type Rule } from "./rule";

export const dockerContainerNoRootCode: Rule = {
  name: "docker-container-no-root-code",
  description:
    "Nothing from outside the image runs as root when a container starts: no mods and no start-up hooks.",
  sources: ["this project"],
  levels: MANDATORY,
  decisions: { container: noRootCode },
};

import { supportedVersion } from "../../checks/rules/supportedVersion";
import { MANDATORY, type Rule } from "./rule";

export const dockerImageSupportedVersion: Rule = {
  name: "docker-image-supported-version",
  description: "An image of this project is built with a version that the support table knows.",
  sources: ["this project"],
  levels: MANDATORY,
  decisions: { image: supportedVersion },
};

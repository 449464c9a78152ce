import { imageDigest, isImageId } from "../../checks/rules/imageDigest";
import { MANDATORY_FROM_STAGING, type Rule } from "./rule";

export const dockerContainerImageDigest: Rule = {
  name: "docker-container-image-digest",
  description: "A container runs an image that is named by its content.",
  sources: ["CIS 5.28", "CL 4", "CL 19"],
  levels: MANDATORY_FROM_STAGING,
  decisions: { container: imageDigest },
  settles: (_path, producers) => isImageId(producers),
};

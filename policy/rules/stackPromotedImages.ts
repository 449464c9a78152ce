import { promotedImages } from "../../checks/rules/promotedImages";
import { MANDATORY, type Rule } from "./rule";

/** In force where the policy configuration names a record: `{"stack-promoted-images": {"record": "FILE"}}`. */
export const stackPromotedImages: Rule = {
  name: "stack-promoted-images",
  description:
    "A stack that demands a promotion record runs only images that the environment before it has proven.",
  sources: ["this project"],
  levels: MANDATORY,
  decisions: {
    stack: ({ containers, promotion }, { stack }) =>
      promotion === undefined ? [] : promotedImages(containers, promotion, stack),
  },
};

import { PolicyPack } from "@pulumi/policy";
import { dockerContainerPublishedAddress } from "./rules/dockerContainerPublishedAddress";

// Wiring only: every rule is a file of its own in rules/, every decision a pure function in checks/.
new PolicyPack("doom-coding", { policies: [dockerContainerPublishedAddress] });

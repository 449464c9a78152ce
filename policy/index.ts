// First: it decides what the SDK loads.
import "../leanSdk";
import { PolicyPack } from "@pulumi/policy";
import { withCheckedConfiguration } from "./configurationGuard";
import { policiesOf } from "./policies";
import { RULES } from "./rules";
import { Session } from "./session";

// Wiring only: every rule is a file of its own in rules/, every decision a pure function in checks/rules/.
const session = new Session(RULES);
withCheckedConfiguration(session, () => {
  new PolicyPack("doom-coding", { policies: policiesOf(session) });
});

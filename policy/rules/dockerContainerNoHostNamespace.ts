import { noHostNamespace } from "../../checks/rules/noHostNamespace";
import { MANDATORY, type Rule } from "./rule";

export const dockerContainerNoHostNamespace: Rule = {
  name: "docker-container-no-host-namespace",
  description:
    "A container shares no network, process, IPC, user or control group namespace with the host.",
  sources: [
    "CIS 5.10",
    "CIS 5.16",
    "CIS 5.17",
    "CIS 5.31",
    "KICS 071a",
    "KICS 4f31",
    "KICS baa3",
    "KICS 8af7",
    "PSS baseline",
  ],
  levels: MANDATORY,
  decisions: { container: noHostNamespace },
};

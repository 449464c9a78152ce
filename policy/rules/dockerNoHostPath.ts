import { noHostPath, noHostPathVolume } from "../../checks/rules/noHostPath";
import { settlesMountSource } from "../../checks/rules/secretFilePath";
import { MANDATORY, type Rule } from "./rule";

export const dockerNoHostPath: Rule = {
  name: "docker-no-host-path",
  description:
    "A container or volume mounts nothing of the host but a secret file of its own environment, read-only.",
  sources: ["CIS 5.6", "KICS 1c13", "CL 13", "CL 25", "PSS baseline"],
  levels: MANDATORY,
  decisions: { container: noHostPath, volume: noHostPathVolume },
  settles: settlesMountSource,
};

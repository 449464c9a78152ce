import * as docker from "@pulumi/docker";
import { type ResourceValidationPolicy, validateResourceOfType } from "@pulumi/policy";
import { publishedPortProblem } from "../../checks/publishedPorts";

/** Only a named address of the host may carry a published port; see checks/publishedPorts.ts for the sources. */
export const dockerContainerPublishedAddress: ResourceValidationPolicy = {
  name: "docker-container-published-address",
  description:
    "A container publishes a port only on one named IPv4 address of the host, never on all of them, and only from 1024 up.",
  enforcementLevel: "mandatory",
  validateResource: validateResourceOfType(docker.Container, (container, args, reportViolation) => {
    if (container.publishAllPorts) {
      reportViolation(
        `${args.name}: publishAllPorts opens every port of the image on 0.0.0.0; remove it`,
      );
    }
    for (const port of container.ports ?? []) {
      const problem = publishedPortProblem(port);
      if (problem) reportViolation(`${args.name}: ${problem}`);
    }
  }),
};

import { findProject } from "./project";
import { readState } from "./stateFiles";

const VOLUME = "::environment-tailscale-state-volume";

/**
 * Whether the stack has the volume of a node in a tailnet: it is protected, so that it cannot be dropped from the
 * program when the node is. Throws a Failure when the state is damaged.
 */
export function hadTailscale(stack: string): boolean {
  const resources = readState(findProject(), stack)?.checkpoint.resources ?? [];
  return resources.some(({ urn }) => urn.endsWith(VOLUME));
}

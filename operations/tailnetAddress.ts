import type { TailnetAddress } from "../checks/access";
import { dockerName } from "../config/names";
import { TAILSCALE_KEY } from "../config/tailscale";
import { connectDocker, dockerFailure, isDockerError } from "./dockerHost";
import { askTailnet } from "./tailnetJoin";

/**
 * By which name the environment's node is reached in its tailnet, or why it is not.
 *
 * The short name: the one that the gateway's certificate holds. Throws a Failure when Docker does not answer.
 */
export async function tailnetAddress(stack: string): Promise<TailnetAddress> {
  try {
    const docker = await connectDocker();
    const status = await askTailnet(docker.getContainer(dockerName(stack, "tailscale")));
    if (status === undefined) return { because: "its node in the tailnet does not run" };
    if (status.state !== "Running") {
      const because = `its node is not in the tailnet (${status.state}); npx doom secrets set ${stack} ${TAILSCALE_KEY}`;
      return { because };
    }
    const host = status.name?.split(".")[0] ?? status.addresses.find((one) => !one.includes(":"));
    return host === undefined ? { because: "its node has neither name nor address" } : { host };
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404)
      return { because: "it has no node in a tailnet (tailscale.enabled)" };
    throw isDockerError(error) ? dockerFailure(error) : error;
  }
}

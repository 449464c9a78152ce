import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { addressAt, type Cidr, formatCidr } from "../checks/cidr";
import { dockerLabels, dockerName } from "../config/names";
import { labelList } from "./labels";

/** What a network of an environment is for. */
export type NetworkRole = "internal" | "edge" | "egress";

export interface NetworkArgs {
  /** Name of the environment. */
  readonly stack: string;
  /**
   * `internal`: no route out, for editors and the gateway's inner side; `edge`: carries the
   * gateway's published port; `egress`: the way out, for what may have one.
   */
  readonly role: NetworkRole;
  /** The network's addresses, at least a /26; disjoint from every other network of the host. */
  readonly cidr: Cidr;
}

/** One bridge network of an environment, with addresses of its own choosing. */
export class Network extends pulumi.ComponentResource {
  /** Name on the Docker host. */
  readonly dockerName: pulumi.Output<string>;
  /** The addresses, as `a.b.c.d/n`. */
  readonly cidr: string;

  constructor(name: string, args: NetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("doom-coding:index:Network", name, { ...args }, opts);
    this.cidr = formatCidr(args.cidr);
    const network = new docker.Network(
      `${name}-network`,
      {
        // Explicit, so that a preview knows it: a policy that meets an unknown cannot refuse.
        name: dockerName(args.stack, args.role),
        driver: "bridge",
        internal: args.role === "internal",
        attachable: false,
        ipv6: false,
        // Docker's own pools hold about 31 networks and collide with what a LAN uses.
        ipamConfigs: [{ subnet: this.cidr, gateway: addressAt(args.cidr, 1) }],
        labels: labelList(dockerLabels(args.stack, args.role)),
      },
      // The name is fixed, so the old one has to go first.
      { parent: this, deleteBeforeReplace: true },
    );
    this.dockerName = network.name;
    this.registerOutputs({ dockerName: this.dockerName, cidr: this.cidr });
  }
}

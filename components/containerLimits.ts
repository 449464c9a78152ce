import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";

export interface ContainerLimitsArgs {
  readonly containers: readonly LimitedContainer[];
  /** How many processes each of them may have at a time; threads count. */
  readonly processes: number;
}

export interface LimitedContainer {
  readonly id: pulumi.Input<string>;
  /** CPUs, 0.01 steps. */
  readonly cpus: number;
}

/**
 * Sets the limits of running containers that the Docker provider cannot: it has no input for the number of
 * processes, and replaces a container for another number of CPUs, which would end what runs in it.
 *
 * A command of its own, and one for all containers, because each start of Node costs an `up` its time. The limits
 * belong to the container: when one of them is another, all are set anew.
 */
export class ContainerLimits extends pulumi.ComponentResource {
  constructor(name: string, args: ContainerLimitsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("doom-coding:index:ContainerLimits", name, { processes: args.processes }, opts);
    const containers = pulumi
      .output(args.containers.map(({ id }) => id))
      .apply((ids) => ids.join(" "));
    new command.local.Command(
      `${name}-set`,
      {
        create: "node bin/operations/containerLimits.js",
        environment: {
          DOOM_CONTAINERS: containers,
          DOOM_CPUS: args.containers.map(({ cpus }) => cpus).join(" "),
          DOOM_PROCESS_LIMIT: String(args.processes),
        },
        triggers: [containers],
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}

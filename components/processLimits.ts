import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";

export interface ProcessLimitsArgs {
  /** IDs of the containers. */
  readonly containers: pulumi.Input<string>[];
  /** How many processes each of them may have at a time; threads count. */
  readonly processes: number;
}

/**
 * Bounds the number of processes of each container, so that a fork bomb stays in it.
 *
 * A command of its own, because the Docker provider has no such input, and one for all containers,
 * because each start of Node costs an `up` its time. The limit belongs to the container: when one of
 * them is another, all are limited anew.
 */
export class ProcessLimits extends pulumi.ComponentResource {
  constructor(name: string, args: ProcessLimitsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("doom-coding:index:ProcessLimits", name, { processes: args.processes }, opts);
    const containers = pulumi.output(args.containers).apply((ids) => ids.join(" "));
    new command.local.Command(
      `${name}-set`,
      {
        create: "node bin/operations/processLimits.js",
        environment: {
          DOOM_CONTAINERS: containers,
          DOOM_PROCESS_LIMIT: String(args.processes),
        },
        triggers: [containers],
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}

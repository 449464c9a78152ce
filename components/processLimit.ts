import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";

export interface ProcessLimitArgs {
  /** ID of the container. */
  readonly container: pulumi.Input<string>;
  /** How many processes it may have at a time; threads count. */
  readonly processes: number;
}

/**
 * Bounds the number of processes of a container, so that a fork bomb stays in it.
 *
 * A command of its own, because the Docker provider has no such input. The limit belongs to the
 * container, so another container is limited anew.
 */
export class ProcessLimit extends pulumi.ComponentResource {
  constructor(name: string, args: ProcessLimitArgs, opts?: pulumi.ComponentResourceOptions) {
    super("doom-coding:index:ProcessLimit", name, { processes: args.processes }, opts);
    new command.local.Command(
      `${name}-set`,
      {
        create: "node bin/operations/processLimit.js",
        environment: {
          DOOM_CONTAINER: args.container,
          DOOM_PROCESS_LIMIT: String(args.processes),
        },
        triggers: [args.container],
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}

import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";

export interface DrainingArgs {
  /** Name of the environment. */
  readonly stack: string;
  /** How many editors there are to be. */
  readonly instances: number;
  /** ID of the gateway's container. */
  readonly gateway: pulumi.Input<string>;
}

/**
 * Which editors the gateway sends new visitors to.
 *
 * A new gateway takes them all, and finds out itself which ones are there: nothing is to do then. For another
 * number of editors those that are to go are drained. The engine does that before it removes them, since it
 * deletes last.
 */
export class Draining extends pulumi.ComponentResource {
  constructor(name: string, args: DrainingArgs, opts?: pulumi.ComponentResourceOptions) {
    super("doom-coding:index:Draining", name, { instances: args.instances }, opts);
    new command.local.Command(
      `${name}-set`,
      {
        create: "true",
        update: "node bin/operations/draining.js",
        environment: {
          DOOM_STACK: args.stack,
          DOOM_INSTANCES: String(args.instances),
        },
        // Another gateway knows nothing of what the one before was told.
        triggers: [args.gateway],
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}

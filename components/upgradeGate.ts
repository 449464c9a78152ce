import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Role } from "../config/names";

export interface UpgradeGateArgs {
  /** Name of the environment. */
  readonly stack: string;
  /** What kind of container it is; see operations/upgradeServices.ts. */
  readonly service: Role;
  /** Its number, from 1. */
  readonly index: number;
  /** Content address of the image that the container is to have. */
  readonly image: pulumi.Input<string>;
  /** Another number makes the gate look again; see operations/upgradeJournal.ts. */
  readonly attempt: number;
}

/**
 * What a container passes before it is replaced by one of another image: its data is copied and proven, the new
 * version rehearsed on a clone of it, the old one stopped. When that fails, the old one serves on and nothing
 * is replaced. For one that is new, or keeps its image, it does nothing.
 */
export class UpgradeGate extends pulumi.ComponentResource {
  /** What has to be done before the container may change. */
  readonly passed: pulumi.Resource;

  constructor(name: string, args: UpgradeGateArgs, opts?: pulumi.ComponentResourceOptions) {
    super("doom-coding:index:UpgradeGate", name, { index: args.index }, opts);
    const attempt = String(args.attempt);
    this.passed = new command.local.Command(
      `${name}-pass`,
      {
        create: "node bin/operations/upgradeGate.js",
        environment: {
          DOOM_STACK: args.stack,
          DOOM_SERVICE: args.service,
          DOOM_INSTANCE: String(args.index),
          DOOM_IMAGE: args.image,
          DOOM_ATTEMPT: attempt,
        },
        triggers: [args.image, attempt],
      },
      // Copying takes as long as there is data.
      { parent: this, customTimeouts: { create: "4h" } },
    );
    this.registerOutputs({});
  }
}

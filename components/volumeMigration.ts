import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";

export interface VolumeMigrationArgs {
  /** Name of the environment that the target belongs to. */
  readonly stack: string;
  /** Name of the volume that the data comes from. */
  readonly volume: string;
  /** Name of the volume that it goes to. */
  readonly target: pulumi.Input<string>;
  /** Whether `volume` may belong to another environment. */
  readonly acrossEnvironments: boolean;
}

/**
 * Gives a volume its first data, a proven copy of another volume's.
 *
 * Once: what was seeded belongs to who works in it, whatever becomes of the other volume. To be awaited by
 * whatever mounts the target.
 */
export class VolumeMigration extends pulumi.ComponentResource {
  /** What was copied, as JSON; see operations/volumeSeed.ts. */
  readonly report: pulumi.Output<string>;

  constructor(name: string, args: VolumeMigrationArgs, opts?: pulumi.ComponentResourceOptions) {
    super("doom-coding:index:VolumeMigration", name, { stack: args.stack }, opts);
    const copy = new command.local.Command(
      `${name}-copy`,
      {
        create: "node bin/operations/volumeSeed.js",
        environment: {
          DOOM_STACK: args.stack,
          DOOM_SEED_VOLUME: args.volume,
          DOOM_SEED_TARGET: args.target,
          DOOM_SEED_ACROSS_ENVIRONMENTS: String(args.acrossEnvironments),
        },
      },
      { parent: this },
    );
    this.report = copy.stdout;
    this.registerOutputs({ report: this.report });
  }
}
